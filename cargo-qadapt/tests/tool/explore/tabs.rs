//! Several pages at once, and jobs that are not wanted any more.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
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

/// Whoever closes the page ends the first build; what it did not build is not taken for built.
#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn what_depends_is_built_once_somebody_waits_for_it() {
    const BUILDING: &str = "building the project's crates, once";
    let server = Server::start(&[]);
    let mut page = TcpStream::connect(&server.host).expect("it listens");
    let job = json!({ "tab": "closed", "code": "let one = 1;" }).to_string();
    let head = format!(
        "POST /{}/run HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nContent-Length: {}\r\n\r\n{job}",
        server.token,
        job.len(),
        host = server.host
    );
    page.write_all(head.as_bytes()).expect("it reads");
    let mut said = Vec::new();
    while !String::from_utf8_lossy(&said).contains(BUILDING) {
        let mut byte = [0];
        assert_eq!(page.read(&mut byte).expect("it answers"), 1, "{}", String::from_utf8_lossy(&said));
        said.extend(byte);
    }
    drop(page);
    let events = server.job(&json!({ "tab": "next", "code": "println!(\"next\");" }));
    assert!(texts(&events, "progress").lines().any(|text| text == BUILDING), "{events:?}");
    assert!(texts(&events, "output").contains("next"), "{events:?}");
    let events = server.snippet("println!(\"once\");");
    assert!(!texts(&events, "progress").contains(BUILDING), "{events:?}");
    assert!(texts(&events, "output").contains("once"), "{events:?}");
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
