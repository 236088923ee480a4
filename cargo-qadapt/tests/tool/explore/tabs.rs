//! Several pages at once, and jobs that are not wanted any more.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::explore::server::{Server, texts};

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn a_newer_edit_ends_the_older_run() {
    let server = Server::start(&[]);
    // What snippets depend on is built now.
    server.snippet("let one = 1;");
    let job = |code: &str| json!({ "tab": "one", "code": code });
    thread::scope(|scope| {
        let start = Instant::now();
        let older = scope.spawn(|| server.job(&job("loop { std::hint::black_box(0); }")));
        // It runs once its folder is there.
        while server.jobs() == 0 {
            thread::sleep(Duration::from_millis(5));
        }
        let newer = server.job(&job("println!(\"newer\");"));
        assert!(texts(&newer, "output").contains("newer"), "{newer:?}");
        let older = older.join().expect("it is answered");
        assert!(!older.iter().any(|event| event["event"] == "report"), "{older:?}");
        // The older one would have run for ten seconds in each of two profiles.
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    });
    assert_eq!(server.jobs(), 0);
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn ten_tabs_are_all_answered() {
    let server = Server::start(&[]);
    thread::scope(|scope| {
        let tabs: Vec<_> = (0..10)
            .map(|tab| {
                let job = json!({ "tab": tab.to_string(), "code": format!("println!(\"tab {tab}.\");") });
                let server = &server;
                scope.spawn(move || (tab, server.job(&job)))
            })
            .collect();
        for tab in tabs {
            let (tab, events) = tab.join().expect("it is answered");
            assert!(texts(&events, "output").contains(&format!("tab {tab}.")), "{events:?}");
            assert_eq!(texts(&events, "failed"), "");
        }
    });
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn options_input_and_arguments_reach_the_program() {
    let server = Server::start(&[]);
    let code = "let mut input = String::new();\nstd::io::stdin().read_line(&mut input).unwrap();\n\
                println!(\"{input:?} {:?}\", std::env::args().skip(1).collect::<Vec<_>>());\n\
                let gen = 1; println!(\"{gen}\");";
    let events = server.job(&json!({
        "tab": "t", "code": code, "input": "some\nmore\n", "arguments": ["a b", "--c"], "how": { "edition": "2021" },
    }));
    let expected = "\"some\\n\" [\"a b\", \"--c\"]\n1\n";
    assert_eq!(texts(&events, "output").matches(expected).count(), 2, "{events:?}");
    // `gen` is a keyword from 2024 on.
    let events = server.job(&json!({ "tab": "t", "code": code }));
    let wrong = events.iter().find(|event| event["event"] == "wrong").expect("a mistake");
    assert_eq!(wrong["mistakes"][0]["line"], 4, "{wrong}");
    // Features of the package, and a crate of its lock file on which it does not depend itself.
    let code = "println!(\"{} {}\", explored::IS_SPECIAL, unsafe { libc::getpid() } > 0);";
    for (how, expected) in [(json!({}), "false true\n"), (json!({ "features": ["special"] }), "true true\n")]
    {
        let events = server.job(&json!({ "tab": "t", "code": code, "how": how }));
        assert_eq!(texts(&events, "output").matches(expected).count(), 2, "{events:?}");
    }
    // What release optimises away is there without optimisation.
    let answer = |how: serde_json::Value| {
        let code = "let number = Box::new(std::hint::black_box(7_u64));\nstd::hint::black_box(*number + 1);";
        let events = server.job(&json!({ "tab": "t", "code": code, "how": how }));
        let proof =
            events.iter().find(|event| event["event"] == "proof").unwrap_or_else(|| panic!("{events:?}"));
        proof["proofs"][0]["verdicts"][0]["answer"].clone()
    };
    assert_eq!(
        (answer(json!({})), answer(json!({ "opt_level": "0" }))),
        (json!("proven"), json!("allocates"))
    );
}
