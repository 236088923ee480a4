//! Who is let in, over the wire. No sandbox is needed: nothing is run.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use crate::explore::server::{Server, command, turn};

#[test]
fn only_the_page_is_answered() {
    let server = Server::start(&["--no-sandbox"]);
    let path = format!("/{}/", server.token);
    let (host, origin) = (server.host.as_str(), format!("http://{}", server.host));
    let page = server.ask("GET", &path, &[("Host", host)], "");
    assert_eq!(page.status, 200, "{}", page.head);
    assert!(page.body.contains("<title>"), "{}", page.body);
    let policy =
        page.head.lines().find(|line| line.starts_with("Content-Security-Policy:")).expect("a policy");
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert!(!page.head.to_lowercase().contains("set-cookie"), "{}", page.head);

    let port = host.rsplit(':').next().expect("a port");
    let rebound = format!("evil.example:{port}");
    let rebound_origin = format!("http://{rebound}");
    let run = format!("{path}run");
    let wrong = format!("/{}/", "0".repeat(server.token.len()));
    let job = r#"{"tab":"t","code":"fn main() {}"}"#;
    for (what, method, path, headers) in [
        ("another token", "GET", wrong.as_str(), vec![("Host", host)]),
        ("no token", "GET", "/", vec![("Host", host)]),
        ("no host", "GET", &path, vec![]),
        ("a name that leads here", "GET", &path, vec![("Host", rebound.as_str())]),
        ("the same with its origin", "POST", &run, vec![("Host", &rebound), ("Origin", &rebound_origin)]),
        ("another origin", "POST", &run, vec![("Host", host), ("Origin", "http://evil.example")]),
        ("a sandboxed frame", "POST", &run, vec![("Host", host), ("Origin", "null")]),
        ("no origin", "POST", &run, vec![("Host", host)]),
        (
            "another site",
            "GET",
            &path,
            vec![("Host", host), ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")],
        ),
    ] {
        let answer = server.ask(method, path, &headers, if method == "POST" { job } else { "" });
        assert_eq!(answer.status, 403, "{what}: {}", answer.head);
        assert!(!answer.body.contains(&server.token), "{what}: {}", answer.body);
    }
    let unknown = server.ask("POST", &run, &[("Host", host), ("Origin", &origin)], r#"{"tab":"t"}"#);
    assert_eq!(unknown.status, 400, "{}", unknown.body);
    let long = format!(r#"{{"tab":"t","code":"{}"}}"#, "x".repeat(1 << 20));
    assert_eq!(server.ask("POST", &run, &[("Host", host), ("Origin", &origin)], &long).status, 413);
    let up = server.ask("GET", &format!("{path}../../etc/passwd"), &[("Host", host)], "");
    assert_eq!(up.status, 404, "{}", up.head);
}

/// Each of them is answered or closed, though none of them ends its request.
#[test]
fn strangers_who_send_no_bodies_do_not_keep_the_page_from_its_user() {
    let server = Server::start(&["--no-sandbox"]);
    let path = format!("/{}/", server.token);
    let host = server.host.as_str();
    let connect = |request: &str| {
        let mut stream = TcpStream::connect(host).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        stream.write_all(request.as_bytes()).expect("it reads");
        stream
    };
    // The third is longer than all memory, and the last one is no number.
    for (length, status) in
        [("1000000", 403), ("600", 403), ("99999999999999999", 403), ("99999999999999999999", 400)]
    {
        let request = format!("POST /no/run HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n\r\n");
        let mut strangers: Vec<TcpStream> = (0..100).map(|_| connect(&request)).collect();
        let page = server.ask("GET", &path, &[("Host", host)], "");
        assert_eq!(page.status, 200, "{length}: {}", page.head);
        let mut answer = [0; 12];
        strangers[99].read_exact(&mut answer).expect("it answers");
        assert_eq!(String::from_utf8_lossy(&answer), format!("HTTP/1.1 {status}"), "{length}");
    }
    // Nor do those who send nothing at all, or lines without an end.
    let idle: Vec<TcpStream> = (0..200).map(|_| connect("")).collect();
    let page = server.ask("GET", &path, &[("Host", host)], "");
    assert_eq!(page.status, 200, "{}", page.head);
    drop(idle);
    let endless = server.ask("GET", &path, &[("Host", &"x".repeat(1 << 20))], "");
    assert_eq!(endless.status, 400, "{}", endless.head);
}

#[test]
fn a_body_whose_length_is_not_told_is_refused() {
    let server = Server::start(&["--no-sandbox"]);
    let (host, origin) = (&server.host, format!("http://{}", server.host));
    let chunks = format!(
        "POST /{}/stop HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
        server.token
    );
    assert_eq!(server.raw(&chunks).status, 411);
}

#[test]
fn others_are_never_served_without_a_sandbox() {
    let output = command(&["--no-sandbox", "--host", "0.0.0.0"]).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"), "{output:?}");
}

#[test]
fn addresses_at_which_nobody_finds_the_page_are_refused() {
    for (arguments, said) in [
        (&["--host", "0.0.0.0"][..], "as in --port 8080 --origin http://NAME:8080"),
        (&["--host", "::"], "as in --port 8080 --origin http://NAME:8080"),
        (&["--host", "0.0.0.0", "--port", "9000"], "as in --port 9000 --origin http://NAME:9000"),
        (&["--host", "0.0.0.0", "--origin", "http://NAME:0"], "`http://NAME:0` is not where browsers find"),
        (&["--port", "9000", "--origin", "http://NAME:0"], "`http://NAME:0` is not where browsers find"),
        (&["--port", "9000", "--origin", "http://NAME/"], "without a path"),
        (&["--host", "0.0.0.0", "--origin", "http://NAME:8080"], "give one, as in --port 8080"),
        (&["--origin", "https://explore.example"], "give one, as in --port 8080"),
    ] {
        let output = command(arguments).output().expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
        assert!(!stderr.contains(":0,") && output.stdout.is_empty(), "{arguments:?}: {output:?}");
    }
}

/// What the message about every address says to give.
#[test]
#[ignore = "needs bwrap: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn a_page_on_every_network_is_at_the_address_that_was_given() {
    let free = TcpListener::bind("0.0.0.0:0").and_then(|listener| listener.local_addr()).expect("a port");
    let (port, origin) = (free.port().to_string(), format!("http://LOCALHOST:{}", free.port()));
    let server = Server::start(&["--host", "0.0.0.0", "--port", &port, "--origin", &origin]);
    // As browsers say it.
    assert_eq!(server.host, format!("localhost:{port}"));
    let page = server.ask("GET", &format!("/{}/", server.token), &[("Host", &server.host)], "");
    assert_eq!(page.status, 200, "{}", page.head);
}

#[test]
#[ignore = "needs bwrap: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn a_proxys_address_is_let_in_and_no_other_one() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let mut server =
        Server::start(&["--origin", "https://explore.example", "--port", &free.port().to_string()]);
    assert_eq!(server.host, "explore.example");
    // The proxy connects to this machine, and hands on the headers.
    server.host = free.to_string();
    let stop = format!("/{}/stop", server.token);
    let ask = |host: &str, origin: &str| {
        server.ask("POST", &stop, &[("Host", host), ("Origin", origin)], r#"{"tab":"t"}"#).status
    };
    assert_eq!(ask("explore.example", "https://explore.example"), 204);
    assert_eq!(ask("explore.example", "http://explore.example"), 403);
    assert_eq!(ask("other.example", "https://explore.example"), 403);
    assert_eq!(ask("other.example", "https://other.example"), 403);
    let open = command(&["--no-sandbox", "--origin", "https://explore.example"]).output().expect("it starts");
    assert!(String::from_utf8_lossy(&open.stderr).contains("cannot be used with"), "{open:?}");
}

#[test]
fn a_package_has_one_explorer() {
    let _server = Server::start(&["--no-sandbox"]);
    let output = command(&["--no-sandbox"]).output().expect("the command starts");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another explorer"), "{output:?}");
}

#[test]
fn without_bwrap_it_refuses_and_says_what_to_do() {
    // A path on which cargo is, but no bwrap.
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("path-without-bwrap");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the folder can be made");
    let rustc =
        std::process::Command::new("rustc").args(["--print", "sysroot"]).output().expect("rustc runs");
    let toolchain = String::from_utf8(rustc.stdout).expect("UTF-8");
    for name in ["cargo", "rustc"] {
        let program = std::path::Path::new(toolchain.trim()).join("bin").join(name);
        std::os::unix::fs::symlink(program, folder.join(name)).expect("it can be linked");
    }
    let _turn = turn();
    let output = command(&[]).env("PATH", &folder).env_remove("CARGO").output().expect("the command starts");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("apt-get install bubblewrap") && said.contains("--no-sandbox"), "{said}");
}
