//! What somebody does who has the page open.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::browser::{Browser, ESCAPE};
use crate::explore::server::Server;

const STATUS: &str = "return document.getElementById('status').textContent";

impl Browser {
    /// Waits until a script's text has this in it, and returns that.
    #[track_caller]
    pub(crate) fn wait(&self, script: &str, wanted: &str) -> String {
        let end = Instant::now() + Duration::from_secs(120);
        loop {
            let text = self.text(script);
            if text.contains(wanted) {
                return text;
            }
            assert!(Instant::now() < end, "no `{wanted}`: {text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types in place of all that is in the editor, and waits for the answer.
    #[track_caller]
    fn write(&self, code: &str, wanted: &str) {
        self.run("document.querySelector('.cm-content').focus(); document.execCommand('selectAll')", &[]);
        self.run("document.getElementById('status').textContent = ''", &[]);
        self.press(code);
        self.wait(STATUS, wanted);
    }

    /// What the gutters say of a line: debug, release, proof.
    fn gutter(&self, line: usize) -> Vec<String> {
        let script =
            "const cell = (kind) => [...document.querySelectorAll(`.gutter-${kind} .cm-gutterElement`)]
            .filter((cell) => cell.style.visibility !== 'hidden')[arguments[0] - 1]?.querySelector('.mark');
            return ['debug', 'release', 'proof'].map((kind) => cell(kind)?.getAttribute('aria-label') ?? '')";
        serde_json::from_value(self.run(script, &[json!(line)])).expect("texts")
    }

    fn shot_is_within(&self, width: u32) {
        self.resize(width, 900);
        let wide = self.run("return document.documentElement.scrollWidth", &[]);
        assert!(wide.as_u64().is_some_and(|wide| wide <= u64::from(width)), "{wide} px in {width}");
    }
}

#[test]
#[ignore = "needs Chromium and bwrap: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn somebody_types_waits_and_reads_the_gutter() {
    let server = Server::start(&[]);
    let browser = Browser::start();
    browser.go(&server.address());
    // The first example is there and answered.
    browser.wait(STATUS, "done");
    assert!(browser.text("return document.querySelector('.cards').textContent").contains("allocations"));

    assert_eq!(browser.console(), [""; 0]);

    browser.write("let a = Box::new(1);\nlet b = 2;\nstd::hint::black_box((a, b));\n", "done");
    let [debug, release, proof] = &browser.gutter(1)[..] else { panic!("three gutters") };
    assert_eq!(debug, "line 1 in debug: 1 allocation, 0 frees, 4 B asked for");
    assert_eq!(release, "line 1 in release: 1 allocation, 0 frees, 4 B asked for");
    assert_eq!(proof, "line 1, proof: allocates: allocates");
    assert_eq!(browser.gutter(2), ["", "", ""]);

    // A click on the gutter opens the line's calls, and a call its source.
    browser.run("document.querySelector('.gutter-debug .mark').click()", &[]);
    let tree = "return document.querySelector('details[open] .tree')?.textContent ?? ''";
    assert!(browser.wait(tree, "alloc::boxed").contains("snippet::main"));
    browser.run("document.querySelector('details[open] .tree button.place').click()", &[]);
    let source = "return document.querySelector('.source .meant, .source')?.textContent ?? ''";
    browser.wait(source, "Box");

    // Whether it may wait is asked in place of whether it allocates.
    browser.run("document.querySelector('details.options').open = true", &[]);
    let choose = "const choice = document.querySelector('[name=blocking]'); choice.value = arguments[0];
        choice.dispatchEvent(new Event('input', { bubbles: true }))";
    browser.run(choose, &[json!("true")]);
    browser.write("let _one = 1;\nstd::thread::sleep(std::time::Duration::ZERO);\n", "done");
    assert_eq!(browser.gutter(2)[2], "line 2, proof: may block: waits on some path");
    let answer = "return document.querySelector('#answer').textContent";
    assert!(browser.text(answer).contains("MAY BLOCK"));
    browser.run(choose, &[json!("")]);

    // A mistake is at its line.
    browser.write("let a = 1;\nlet b: u8 = \"x\";", "does not compile");
    assert_eq!(browser.text("return document.querySelector('.cm-lintRange-error').textContent"), "\"x\"");
    assert!(
        browser.text("return document.querySelector('#answer').textContent").contains("mismatched types")
    );

    // What never ends is stopped.
    browser.write("loop {}\n", "running and proving");
    browser.run("document.activeElement.blur()", &[]);
    browser.press(ESCAPE);
    browser.wait(STATUS, "stopped");
    let end = Instant::now() + Duration::from_secs(5);
    while server.jobs() > 0 {
        assert!(Instant::now() < end, "the job lives on");
        std::thread::sleep(Duration::from_millis(20));
    }

    // Nothing typed: the page teaches.
    browser.run("document.querySelector('.cm-content').focus(); document.execCommand('selectAll')", &[]);
    browser.press("\u{E017}");
    browser.wait("return document.querySelector('#answer').textContent", "Does this code allocate?");

    // An example, with a link to it.
    browser.run(
        "const picker = document.getElementById('examples'); picker.value = 'question_box';
         picker.dispatchEvent(new Event('change'))",
        &[],
    );
    browser.wait(STATUS, "done");
    assert!(browser.gutter(2)[1].contains("1 allocation, 0 frees, 24 B"), "{:?}", browser.gutter(2));
    browser.run("document.getElementById('link').click()", &[]);
    let fragment = browser.wait("return location.hash", "#snippet=");
    browser.go(&format!("{}{fragment}", server.address()));
    browser.wait("return document.querySelector('.cm-content').textContent", "Question 2");
    browser.wait(STATUS, "done");

    // As an issue.
    let issue = browser.text(
        "return (async () => {
             const { toIssue } = await import('./share.js');
             const { Answer } = await import('./answer.js');
             return toIssue('let a = \"`|```\";', new Answer());
         })()",
    );
    assert!(
        issue.starts_with("````rust\nlet a") && issue.contains("| line | code | debug | release | proof |"),
        "{issue}"
    );
    // As a report.
    let report = browser.text(
        "return import('./stream.js').then(({ post }) => post('report', { tab: 'none' })).then(({ status }) => status)",
    );
    assert_eq!(report, "404");

    for width in [1280, 400] {
        browser.shot_is_within(width);
    }
    let nameless = browser.run(
        "return [...document.querySelectorAll('button, select, textarea, summary')]
            .filter((control) => !(control.textContent.trim() || control.labels?.length || control.ariaLabel))
            .map((control) => control.outerHTML)",
        &[],
    );
    assert_eq!(nameless, json!([]));
    // Editing selected text, Chromium wants to set a style of its own, which the policy stops; nothing else is stopped.
    let said = browser.console();
    let others: Vec<&String> = said.iter().filter(|line| !line.contains("Applying inline style")).collect();
    assert!(others.iter().all(|line| line.contains("report") && line.contains("404")), "{others:?}");
    let asked = browser.requests();
    let strange: Vec<&String> = asked
        .iter()
        .filter(|address| {
            !address.starts_with(&server.address())
                && !address.starts_with("data:")
                && *address != "about:blank"
        })
        .collect();
    assert!(strange.is_empty() && asked.len() > 5, "{strange:?}");
}
