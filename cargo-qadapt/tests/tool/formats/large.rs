//! What 100,000 sites cost.

use std::process::Command;

use cargo_qadapt::format::name::Format;
use clap::ValueEnum as _;

use crate::formats::sample::large;

const SITES: u32 = 100_000;

/// Of processor time, and generous: 5 are meant, three times as many without optimisation, and a machine that does other work must
/// not fail this.
const SECONDS: f64 = if cfg!(debug_assertions) { 40.0 } else { 20.0 };
const MEGABYTES: u64 = 500;

/// Renders 100,000 sites in each format, each in a process of its own, and prints time and memory.
#[test]
#[ignore = "takes a minute: cargo test -p cargo-qadapt --test tool -- --ignored --nocapture formats::large::"]
fn every_format_takes_100_000_sites() {
    let mut failed = Vec::new();
    // One prints no report.
    for format in Format::value_variants().iter().filter(|&&format| format != Format::RustcJson) {
        let name = format.to_possible_value().expect("each has a name").get_name().to_owned();
        let output = Command::new(std::env::current_exe().expect("this is a program"))
            .args(["--exact", "formats::large::one_format", "--ignored", "--nocapture"])
            .env("QADAPT_TEST_FORMAT", &name)
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let figures: Vec<f64> = said
            .lines()
            .find_map(|line| line.split_once("figures: "))
            .map(|(_, figures)| figures.split(' ').filter_map(|figure| figure.parse().ok()).collect())
            .unwrap_or_default();
        let [seconds, lines, megabytes, bytes] = figures.as_slice() else { panic!("{name}: {said}") };
        println!(
            "{name}: {seconds:.2} s, of it {lines:.2} s for the lines; {megabytes} MB of memory; {bytes} bytes"
        );
        if !output.status.success() {
            failed.push(name);
        }
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// One of these processes.
#[test]
#[ignore = "run by the test above"]
fn one_format() {
    let Ok(name) = std::env::var("QADAPT_TEST_FORMAT") else {
        println!("without QADAPT_TEST_FORMAT there is nothing to do: the test above sets it");
        return;
    };
    let format = Format::from_str(&name, false).expect("it is a format");
    let sample = large(SITES);
    let start = processor_seconds();
    let view = sample.view();
    let lines = processor_seconds();
    let rendered = format.render(&view).expect("it can be written");
    let end = processor_seconds();
    let seconds = end - start;
    let status = std::fs::read_to_string("/proc/self/status").expect("this is Linux");
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("Linux counts it");
        line.trim().trim_end_matches(" kB").parse().expect("it is a number")
    };
    // Pages of this program's file are those of all tests.
    let kilobytes = kilobytes("VmHWM:") - kilobytes("RssFile:");
    println!("figures: {seconds} {} {} {}", lines - start, kilobytes / 1000, rendered.len());
    assert!(seconds < SECONDS && kilobytes / 1000 < MEGABYTES, "{seconds} s, {kilobytes} kB");
}

/// What this thread has used: time on the clock depends on what else the machine does.
fn processor_seconds() -> f64 {
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    let nanoseconds = used.split(' ').next().and_then(|used| used.parse::<f64>().ok());
    nanoseconds.expect("it is a number") / 1e9
}
