//! A report whose every text wants to get out.

use std::io::Read as _;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cargo_qadapt::report::figures::{
    Counts, Frame, Op, Region, RegionKind, RegionPlace, Report, Site, SiteCounts, VERSION,
};
use cargo_qadapt::report::outcome::{Finding, Outcome, Rule};
use qadapt_code::origin::Origin;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::page::sample::{folder, page};

/// Counts those who connect.
struct Bait {
    address: String,
    visits: Arc<AtomicUsize>,
}

impl Bait {
    fn lay() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a port");
        let address = format!("http://{}", listener.local_addr().expect("it has an address"));
        let visits = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&visits);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                // The visitor gets no answer.
                let _ = stream.map(|mut stream| stream.read(&mut [0; 64]));
            }
        });
        Self { address, visits }
    }

    fn visits(&self) -> usize {
        self.visits.load(Ordering::SeqCst)
    }
}

/// Texts that do something where they are taken for HTML, a script, a style or an address.
fn texts(bait: &str) -> Vec<String> {
    vec![
        format!("</script><script>window.injected=1;fetch('{bait}/1')</script>"),
        "<!--<script>window.injected=2".to_owned(),
        format!("<img src={bait}/3 onerror=window.injected=3>"),
        format!("\"><svg onload=window.injected=4><use href='{bait}/4'/></svg>"),
        format!("'onfocus=window.injected=5 autofocus='{bait}"),
        format!("</style><style>@import '{bait}/6';*{{background:url({bait}/6)}}</style>"),
        "javascript:window.injected=7".to_owned(),
        "]]></title></svg><script>window.injected=8</script>".to_owned(),
        "</noscript><script>window.injected=9</script>".to_owned(),
        "&lt;b&gt;&amp;&#60;script>".to_owned(),
        format!(
            "<link rel=prefetch href={bait}/11><base href={bait}/><meta http-equiv=refresh content='0;{bait}'>"
        ),
        "${window.injected=12}`+(window.injected=12)+`".to_owned(),
        "# not a comment; 7 8".to_owned(),
        "a b  c".to_owned(),
        "__proto__".to_owned(),
        "@@DATA@@".to_owned(),
    ]
}

/// Characters that a page does not show as they are.
const CONTROL: &str =
    "\0\u{1}\u{8}\u{b}\u{1b}[31m\u{7f}\u{85}\r\n\t\u{202e}\u{2066}\u{2028}\u{2029}\u{fffe}\u{ffff}end";
const CONTROL_SHOWN: &str = "[31m";

fn report(texts: &[String], folder: &Path) -> Report {
    let mut report = Report { version: VERSION, ..Report::default() };
    for name in ["debug", "</script><b id=profile>"] {
        let index = report.profile(name);
        report.profiles[index].processes = 1;
        report.profiles[index].disallowed = u64::MAX;
    }
    let long = "long".repeat(100_000);
    let all = texts.iter().map(String::as_str).chain([CONTROL, long.as_str()]);
    for (index, text) in all.enumerate() {
        // A path may have anything in it but a zero; the file is there where the system can have it.
        let file = format!("{}{text}.rs", if text.starts_with('/') { "." } else { "" }).replace("//", "/");
        let path = folder.join(&file);
        let _ = path.parent().map(std::fs::create_dir_all);
        let mut source = format!("first\n{}\n", text.replace(['\n', '\r'], " ")).into_bytes();
        source.extend(b"\xff\xfe invalid \xc3\x28 UTF-8\n");
        source.extend(format!("{}{text}\n", "far\n".repeat(40)).bytes());
        let _ = std::fs::write(&path, source);
        let counts = Counts { calls: 1, allocs: u64::MAX, disallowed: 1, ..Counts::default() };
        report.regions.push(Region {
            place: RegionPlace {
                file: file.clone(),
                line: 1,
                column: 1,
                name: Some(text.to_owned()),
                kind: RegionKind::Plain,
                by: None,
            },
            counts: vec![Some(counts), (index % 2 == 0).then_some(counts)],
        });
        for origin in [Origin::Internal, Origin::Own, Origin::Dependency] {
            report.frames.push(Frame {
                function: text.to_owned(),
                file: Some(file.clone()),
                line: 2,
                column: 1,
                origin,
            });
        }
        let frames = u32::try_from(report.frames.len()).expect("it is small");
        let counts = SiteCounts {
            count: 1,
            estimate: 9,
            bytes: u64::MAX,
            largest: 8,
            align: 8,
            ..SiteCounts::default()
        };
        report.sites.push(Site {
            region: index,
            op: Op::Alloc,
            stack: vec![frames - 3, frames - 2, frames - 1],
            counts: vec![Some(counts), (index % 3 == 0).then_some(counts)],
        });
    }
    report
}

fn findings(texts: &[String]) -> Outcome {
    let finding = |(index, text): (usize, &str)| Finding {
        rule: if index % 2 == 0 { Rule::MoreThanBaseline } else { Rule::Varies },
        region: Some(index),
        profiles: vec![index % 4],
        message: text.to_owned(),
        lines: vec![index, usize::MAX],
    };
    let all = texts.iter().map(String::as_str).chain([CONTROL]);
    Outcome { findings: all.enumerate().map(finding).collect() }
}

/// Goes to a view, opens everything in it, and returns its text; the summary's stands above the overview.
const OPEN_ALL: &str = "\
    const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const [name] = arguments;
    location.hash = name;
    return drawn().then(async () => {
        const view = document.getElementById(`view-${name}`);
        view.querySelector('.choice button:last-child')?.click();
        for (let round = 0; round < 3; round += 1) {
            document.querySelector('#summary .more:not([hidden])')?.click();
            if (name !== 'overview') view.querySelectorAll('.more:not([hidden])').forEach((button) => button.click());
            view.querySelectorAll('details').forEach((details) => { details.open = true; });
            view.querySelectorAll('.gap button').forEach((button) => button.click());
            await drawn();
        }
        const summary = name === 'overview' ? document.getElementById('summary').textContent : '';
        return view.hidden ? 'it is hidden' : summary + view.textContent;
    });";

/// What the page is made of that nothing but its own template may have put there.
const FOREIGN: &str = "\
    const found = [...document.querySelectorAll(
        'img, iframe, object, embed, base, svg, use, link, b[id], body style, body meta, [src], [autofocus]')]
        .map((element) => element.outerHTML.slice(0, 200));
    for (const element of document.querySelectorAll('*'))
        for (const attribute of element.attributes)
            if (attribute.name.startsWith('on') || attribute.name === 'style' && !element.matches('.frame, .flame, html') ||
                (attribute.name === 'href' && !attribute.value.startsWith('#')))
                found.push(`${element.tagName} ${attribute.name}=${attribute.value}`.slice(0, 200));
    found.push(...[...document.scripts].slice(2).map((script) => script.outerHTML.slice(0, 200)));
    return found;";

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn hostile_texts_are_shown_and_do_nothing() {
    let bait = Bait::lay();
    let folder = folder("hostile");
    let texts = texts(&bait.address);
    let path = page(&report(&texts, &folder), &folder, Some(findings(&texts)));
    let browser = Browser::start();

    // The bait works: a page that takes the same texts for HTML is caught.
    let naive = folder.join("naive.html");
    std::fs::write(&naive, format!("<!doctype html><body>{}</body>", texts[2])).expect("it can be written");
    browser.open(&naive, "");
    assert_eq!(browser.run("return window.injected", &[]), json!(3));
    assert!(bait.visits() > 0 && browser.requests().iter().any(|request| request.starts_with(&bait.address)));
    let before = bait.visits();
    let _ = browser.console();

    browser.open(&path, "");
    let _ = browser.requests();
    for view in ["overview", "sites", "source", "regions", "flame"] {
        let shown = browser.run(OPEN_ALL, &[json!(view)]);
        let shown = shown.as_str().expect("it is text");
        for text in &texts {
            assert!(shown.contains(text.as_str()), "{view}: {text}");
        }
        assert!(shown.contains(CONTROL_SHOWN), "{view}");
        assert!(!shown.contains(['\0', '\u{1b}', '\u{202e}', '\u{85}', '\u{2028}']), "{view}");
        assert_eq!(browser.run(FOREIGN, &[]), json!([]), "{view}");
        assert_eq!(browser.run("return window.injected ?? null", &[]), Value::Null, "{view}");
    }
    let requests: Vec<String> =
        browser.requests().into_iter().filter(|request| !request.starts_with("file://")).collect();
    assert_eq!(requests, [""; 0]);
    assert_eq!(browser.run("return performance.getEntriesByType('resource').length", &[]), json!(0));
    assert_eq!(bait.visits(), before);
    assert_eq!(browser.console(), [""; 0], "the policy had nothing to stop, and nothing failed");
}

/// The policy stops what would get in all the same.
#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn nothing_but_the_own_script_may_run_or_load() {
    let bait = Bait::lay();
    let folder = folder("policy");
    let path = page(&report(&texts(&bait.address), &folder), &folder, None);
    let page = std::fs::read_to_string(&path).expect("it is UTF-8");
    let worm = format!(
        "<script>window.injected=1</script><img src='{0}/a' onerror='window.injected=2'><link rel=stylesheet \
         href='{0}/b'><style>body {{ color: rgb(1, 2, 3) }}</style>",
        bait.address
    );
    let broken = page.replacen("</body>", &format!("{worm}</body>"), 1);
    assert_ne!(broken, page);
    std::fs::write(&path, broken).expect("it can be written");
    let browser = Browser::start();
    browser.open(&path, "");
    assert_eq!(browser.run("return window.injected ?? null", &[]), Value::Null);
    assert_ne!(browser.text("return getComputedStyle(document.body).color"), "rgb(1, 2, 3)");
    assert_eq!(bait.visits(), 0);
    assert!(browser.console().iter().any(|message| message.contains("Content Security Policy")));
}

#[test]
#[ignore = "needs Chromium: cargo test -p cargo-qadapt --test tool -- --ignored page::"]
fn without_scripts_there_are_tables() {
    let bait = Bait::lay();
    let folder = folder("plain");
    let texts = texts(&bait.address);
    let path = page(&report(&texts, &folder), &folder, Some(findings(&texts)));
    let browser = Browser::without_scripts();
    browser.open(&path, "");
    let shown = browser.text("return document.querySelector('main.plain').innerText");
    for text in &texts {
        // A table shows any space as one.
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let start: String = words(text).chars().take(100).collect();
        assert!(words(&shown).contains(&start), "{text} in\n{shown}");
    }
    assert_eq!(browser.text("return document.querySelectorAll('noscript table').length"), "2");
    assert_eq!(
        browser.run("return document.querySelectorAll('noscript :is(script, img, svg, style)').length", &[]),
        json!(0)
    );
    assert_eq!(bait.visits(), 0);
}
