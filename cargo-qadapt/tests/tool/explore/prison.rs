//! What snippets and build scripts cannot do.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::explore::server::{Server, project, texts};

/// A server with a sandbox; none where bwrap makes none, which `.ci/run explore` says.
fn closed() -> Server {
    let can = Command::new("bwrap").args(["--ro-bind", "/", "/", "--unshare-pid", "true"]).status();
    assert!(
        can.is_ok_and(|status| status.success()),
        "bwrap makes no sandbox here: apt-get install bubblewrap"
    );
    Server::start(&[])
}

/// What a snippet printed, and what was said of it.
fn said(events: &[Value]) -> String {
    format!("{}\n{}\n{}", texts(events, "output"), texts(events, "failed"), problems(events))
}

fn problems(events: &[Value]) -> String {
    let all = events
        .iter()
        .filter(|event| event["event"] == "report")
        .filter_map(|event| event["problems"].as_array());
    all.flatten().filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

/// A snippet is answered as ever.
#[track_caller]
fn is_well(server: &Server) {
    let events = server.snippet("println!(\"well\");");
    assert!(texts(&events, "output").contains("well"), "{}", said(&events));
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn snippets_and_build_scripts_see_nothing_and_keep_nothing() {
    let server = closed();
    // Somebody to talk to on this machine: the explorer itself is one, and this is another.
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let cargo_home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.unwrap_or_else(|| std::env::home_dir().unwrap_or_default().join(".cargo"));
    let registry = cargo_home.join("registry");
    let code = format!(
        r#"
        println!("build script: {{:?}}", explored::COULD);
        for path in ["/etc/passwd", "/etc/shadow", "/root/.bashrc", "/root/.ssh", "/home", "/var/log", "/work/shared"] {{
            println!("{{path}}: {{}}", std::fs::metadata(path).is_ok());
        }}
        let home = std::fs::read_dir(std::env::var("CARGO_HOME").unwrap()).unwrap();
        let names: Vec<_> = home.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        println!("cargo home: {{}}", names.iter().all(|name| ["registry", "git", "config.toml"].contains(&name.as_str())));
        println!("network: {{}}", std::net::TcpStream::connect("127.0.0.1:{port}").is_ok());
        let route = std::net::UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.connect("192.0.2.1:9"));
        println!("route: {{}}", route.is_ok());
        for path in ["/usr/x", "/etc/x", "{package}/x", "{package}/target/qadapt/explore/explored/built/x", "{registry}/x"] {{
            println!("wrote {{path}}: {{}}", std::fs::write(path, "x").is_ok());
        }}
        println!("temporary: {{}}", std::fs::read_dir("/tmp").unwrap().count());
        std::fs::write("/tmp/left", "x").unwrap();
        "#,
        package = project().display(),
        registry = registry.display(),
    );
    for round in 0..2 {
        let events = server.snippet(&code);
        let output = texts(&events, "output");
        assert!(output.contains("build script: \"\""), "{}", said(&events));
        assert!(
            output.contains("cargo home: true") && output.contains("temporary: 0"),
            "round {round}: {output}"
        );
        let could: Vec<&str> = output
            .lines()
            .filter(|line| line.ends_with(": true") && !line.starts_with("cargo home"))
            .collect();
        assert!(could.is_empty(), "{could:?}");
        assert_eq!(output.matches("route: false").count(), 2, "{output}");
    }
    assert!(!Path::new("/tmp/left").exists() && !project().join("left-behind").exists());
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn whatever_never_ends_is_ended() {
    let server = closed();
    is_well(&server);
    let start = Instant::now();
    let events = server.snippet("loop { std::hint::black_box(0); }");
    assert!(problems(&events).contains("took longer than 10 s"), "{}", said(&events));
    let events = server.snippet("loop { println!(\"{}\", \"x\".repeat(1 << 16)); }");
    assert!(said(&events).contains("printed more than 4 MiB"), "{}", said(&events));
    let events = server.snippet(
        "let mut all = Vec::new(); loop { all.push(vec![1_u8; 64 << 20]); std::thread::sleep(std::time::Duration::from_millis(5)); }",
    );
    let memory = said(&events);
    assert!(memory.contains("of memory") || memory.contains("memory allocation of"), "{memory}");
    let events = server.snippet(
        "loop { if std::process::Command::new(\"/proc/self/exe\").spawn().is_err() { println!(\"no more\"); break; } }",
    );
    assert!(said(&events).contains("no more"), "{}", said(&events));
    let events = server.snippet(
        "use std::io::Write;\nfor name in 0.. { let mut file = std::fs::File::create(format!(\"/tmp/{name}\")).unwrap();\n\
         for _ in 0..64 { if let Err(e) = file.write_all(&[1; 1 << 20]) { println!(\"full: {e}\"); return; } } }",
    );
    assert!(texts(&events, "output").contains("full: No space left"), "{}", said(&events));
    assert!(start.elapsed() < Duration::from_secs(200), "{:?}", start.elapsed());
    is_well(&server);
    assert_eq!(server.jobs(), 0, "jobs leave nothing behind");
}
