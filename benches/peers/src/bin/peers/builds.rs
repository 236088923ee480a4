//! What each allocator adds to the build of a program that does nothing.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Label, the dependency, and the allocator's type and value.
const ALLOCATORS: [(&str, &str, &str); 10] = [
    ("System", "", "std::alloc::System = std::alloc::System"),
    (
        "QADAPT, checks on",
        "qadapt = { path = \"QADAPT\", features = [\"enforce\"] }",
        "qadapt::QADAPT = qadapt::QADAPT",
    ),
    ("QADAPT, checks off", "qadapt = { path = \"QADAPT\" }", "qadapt::QADAPT = qadapt::QADAPT"),
    (
        "assert_no_alloc 1.1",
        "assert_no_alloc = { version = \"1.1\", default-features = false }",
        "assert_no_alloc::AllocDisabler = assert_no_alloc::AllocDisabler",
    ),
    (
        "nice-assert-no-alloc 1.0",
        "nice-assert-no-alloc = { version = \"1\", default-features = false }",
        "nice_assert_no_alloc::AllocDisabler = nice_assert_no_alloc::AllocDisabler",
    ),
    (
        "alloc_counter 0.0.4",
        "alloc_counter = \"0.0.4\"",
        "alloc_counter::AllocCounterSystem = alloc_counter::AllocCounterSystem",
    ),
    (
        "stats_alloc 0.1",
        "stats_alloc = \"0.1\"",
        "&stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM",
    ),
    (
        "tracking-allocator 0.4",
        "tracking-allocator = \"0.4\"",
        "tracking_allocator::Allocator<std::alloc::System> = tracking_allocator::Allocator::system()",
    ),
    ("dhat 0.3", "dhat = \"0.3\"", "dhat::Alloc = dhat::Alloc"),
    ("divan's profiler 0.1", "divan = \"0.1\"", "divan::AllocProfiler = divan::AllocProfiler::system()"),
];

/// What one adds.
#[derive(Debug)]
pub(crate) struct Cost {
    pub(crate) label: &'static str,
    /// Packages besides the program's own.
    pub(crate) crates: usize,
    /// Of a build from nothing, in release.
    pub(crate) seconds: f64,
    /// Bytes of the stripped program.
    pub(crate) size: u64,
}

/// Builds a program of each from nothing.
pub(crate) fn costs() -> Result<Vec<Cost>, Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("qadapt-peers-builds-{}", std::process::id()));
    let costs = ALLOCATORS.map(|(label, dependency, allocator)| {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("src"))?;
        let guard = root.join("../../qadapt").canonicalize()?;
        let dependency = dependency.replace("QADAPT", &guard.to_string_lossy());
        let manifest = format!(
            "[package]\nname = \"nothing\"\nedition = \"2024\"\n[workspace]\n[profile.release]\nstrip = true\n\
             [dependencies]\n{dependency}\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        // The versions that the other programs have.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        let program = format!("#[global_allocator]\nstatic ALLOC: {allocator};\n\nfn main() {{\n    println!(\"nothing\");\n}}\n");
        fs::write(folder.join("src/main.rs"), program)?;
        let tree = cargo(&folder).args(["tree", "--edges", "normal,build", "--prefix", "none"]).output()?;
        let names: BTreeSet<_> = std::str::from_utf8(&tree.stdout)?.lines().filter_map(|line| line.split(' ').next()).collect();
        let start = Instant::now();
        let status = cargo(&folder).args(["build", "--release", "--quiet"]).status()?;
        let seconds = start.elapsed().as_secs_f64();
        if !status.success() {
            return Err(format!("the program of {label} does not build ({status})").into());
        }
        let size = fs::metadata(folder.join("target/release/nothing"))?.len();
        Ok(Cost { label, crates: names.len().saturating_sub(1), seconds, size })
    });
    fs::remove_dir_all(&folder)?;
    costs.into_iter().collect()
}

/// Cargo in the folder, without what this run of Cargo has set.
fn cargo(folder: &Path) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder).env_remove("CARGO_TARGET_DIR").env_remove("QADAPT_ENFORCE");
    cargo
}
