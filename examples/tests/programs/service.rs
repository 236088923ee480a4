//! The service with figures for Prometheus and a profile for pprof, asked over HTTP.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::child::{command, program};

/// The service, until it is dropped.
struct Service {
    child: Child,
    address: String,
}

impl Service {
    fn start() -> Self {
        let mut child = command("service").stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("it says where");
        let address = line.trim().strip_prefix("http://").expect("an address").to_owned();
        Self { child, address }
    }

    /// The head and the body of an answer.
    fn ask(&self, path: &str) -> (String, String) {
        let (head, body) = self.ask_for_bytes(path);
        (head, String::from_utf8(body).expect("UTF-8"))
    }

    fn ask_for_bytes(&self, path: &str) -> (String, Vec<u8>) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
        let body = answer.split_off(end + 4);
        let head = String::from_utf8(answer).expect("UTF-8");
        assert!(head.starts_with("HTTP/1.1 200 "), "{path}: {head}");
        (head, body)
    }

    /// The samples by name and labels. Each family is announced before its samples, with a type that the format knows.
    fn figures(&self) -> BTreeMap<String, i64> {
        let (head, body) = self.ask("/metrics");
        assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
        let mut family = String::new();
        let mut figures = BTreeMap::new();
        for line in body.lines() {
            if let Some(words) = line.strip_prefix("# TYPE ") {
                let (name, kind) = words.split_once(' ').expect("a type");
                assert!(["counter", "gauge"].contains(&kind), "{line}");
                name.clone_into(&mut family);
            } else if !line.starts_with("# HELP ") {
                let (name, figure) = line.rsplit_once(' ').expect("a sample");
                assert_eq!(name.split('{').next(), Some(family.as_str()), "{line}");
                let before = figures.insert(name.to_owned(), figure.parse().expect("a number"));
                assert_eq!(before, None, "{name} is there once");
            }
        }
        figures
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_monitor_reads_what_the_service_does() {
    let service = Service::start();
    let before = service.figures();
    for _ in 0..10 {
        assert_eq!(service.ask("/squares/3").1, "1\n4\n9\n");
    }
    let after = service.figures();
    if !qadapt::is_active() {
        assert!(before.is_empty() && after.is_empty(), "nothing is measured, and nothing is 0: {after:?}");
        return;
    }
    let change = |name: &str| after[name] - before.get(name).copied().unwrap_or(0);
    let of = |family: &str, region: &str| {
        let found: Vec<_> =
            after.keys().filter(|name| name.starts_with(family) && name.contains(region)).collect();
        let [name] = found[..] else { panic!("one {family} of {region}: {after:#?}") };
        change(name)
    };
    // The text grows once, and the answer asks for a box and more: each time the same.
    let violations = change("qadapt_violations_total");
    assert!(violations >= 20 && violations % 10 == 0, "{violations}");
    assert_eq!(of("qadapt_region_violations_total", r#"region="/squares/{count}""#), violations);
    assert_eq!(change("qadapt_lost_violations_total"), 0);
    assert_eq!(of("qadapt_function_calls_total", "::listed\""), 10);
    assert_eq!(of("qadapt_function_bytes_total", "::listed\""), 80);
    // Connections come and go beside them.
    assert!(change(r#"qadapt_events_total{op="alloc"}"#) >= violations);
    let [asked, freed] = ["qadapt_allocated_bytes_total", "qadapt_freed_bytes_total"].map(|name| after[name]);
    assert!(asked > freed && after["qadapt_live_bytes"] > 0 && after["qadapt_live_blocks"] > 0);
}

#[test]
fn a_profiler_reads_what_the_service_holds() {
    let service = Service::start();
    assert_eq!(service.ask("/kept/20000").1, "20000");
    let (_, profile) = service.ask_for_bytes("/profile");
    let contains = |text: &str| profile.windows(text.len()).any(|window| window == text.as_bytes());
    let program = program("service");
    for text in ["inuse_space", "alloc_objects", program.to_str().expect("UTF-8")] {
        assert!(contains(text), "{text}");
    }
}

/// Debian: `golang-go`.
#[test]
#[ignore = "needs go"]
fn pprof_reads_the_profile() {
    let service = Service::start();
    service.ask("/kept/20000");
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("service.pb");
    fs::write(&file, service.ask_for_bytes("/profile").1).expect("it can be written");
    let pprof = |arguments: &[&str]| {
        let mut go = Command::new("go");
        // Go's own copy of pprof finds no names in programs of other languages.
        let output = go.args(["tool", "pprof", "-symbolize=none"]).args(arguments).arg(&file).output();
        let output = output.expect("go can be started");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let top = pprof(&["-top", "-unit=kb"]);
    assert!(top.contains("File: service\nBuild ID: ") && top.contains("\nType: inuse_space\n"), "{top}");
    // 20,000 KiB are some 40 samples, and the list's own blocks and the runtime's are alive, too.
    let total =
        top.lines().find_map(|line| line.strip_suffix("kB total")?.rsplit(' ').next()?.parse::<f64>().ok());
    assert!(total.is_some_and(|total| (18_000.0..24_000.0).contains(&total)), "{top}");
    let raw = pprof(&["-raw"]);
    let mapping = raw.lines().find(|line| line.starts_with("1: 0x")).expect("the program's code");
    assert!(mapping.contains("/examples/service "), "{mapping}");
}
