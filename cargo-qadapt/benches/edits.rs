//! How long the explorer takes from an edit to its answer.
//!
//! `cargo bench -p cargo-qadapt --bench edits`, on a machine that does nothing else.

use std::time::{Duration, Instant};

use serde_json::json;

use server::{Server, texts};

#[path = "../tests/tool/explore/server.rs"]
#[allow(dead_code, reason = "the tests of the explorer need more of it")]
mod server;

/// Edits that are timed.
const EDITS: u32 = 40;

fn main() {
    let server = Server::start(&[]);
    server.snippet("let one = 1;");
    let mut times: Vec<Duration> = (0..EDITS)
        .map(|edit| {
            let code = format!(
                "let mut list = Vec::new();\nfor number in 0..{edit} {{\n    list.push(number);\n}}\n\
                 let text = format!(\"{{list:?}}\");\nprintln!(\"{{text}}\");"
            );
            let start = Instant::now();
            let events = server.job(&json!({ "tab": "edits", "code": code }));
            let time = start.elapsed();
            assert_eq!(texts(&events, "failed"), "");
            assert!(events.iter().any(|event| event["event"] == "proof"), "{events:?}");
            time
        })
        .collect();
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("{EDITS} edits: p50 {:?}, p95 {:?}, least {:?}, most {:?}", at(50), at(95), at(0), at(100));
}
