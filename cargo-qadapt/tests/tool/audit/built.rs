//! How programs are built: what the user says of it stays, and what an audit adds does not contradict it.

use crate::audit::workspace::{GUARDED, alone, guard, package, qadapt_in};

/// Settings of the user's for the packages of the guard, under whatever word.
#[test]
fn packages_of_the_guard_that_have_settings_are_optimised_all_the_same() {
    let folder = alone("overridden");
    let more = format!(
        "[workspace]\n[profile.dev.package.\"qadapt@{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"file://{guard}#{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"*\"]\nopt-level = 0\n",
        version = env!("CARGO_PKG_VERSION"),
        guard = guard("qadapt-spin").display(),
    );
    let text = format!("{GUARDED}fn main() {{}}\n");
    package(&folder, "overridden", &more, &[("overridden", &text)]);
    qadapt_in(&folder, &["audit", "--profile", "debug", "--whole-program"]).assert(1, "");
}

/// What a program depends on, without lines: many have it so, since it builds faster. Where nothing is optimised it lends the
/// program its instances of std's functions.
#[test]
fn what_a_program_depends_on_has_lines_whatever_its_profile_says() {
    let folder = alone("lends");
    package(&folder.join("lender"), "lender", "[lib]\npath = \"lender.rs\"\n", &[]);
    let lends = "pub fn push(items: &mut Vec<u16>) {\n    items.push(1);\n}\n";
    std::fs::write(folder.join("lender/lender.rs"), lends).expect("it can be written");
    let more = "[workspace]\nexclude = [\"lender\"]\n[dependencies.lender]\npath = \"lender\"\n\
                [profile.dev.package.lender]\ndebug = false\n[profile.release.package.lender]\ndebug = 0\n";
    let text = format!(
        "{GUARDED}fn main() {{\n    let mut items = Vec::new();\n    lender::push(&mut items);\n    \
         items.extend([2; 9]);\n    let mut own = vec![3_u16];\n    own.push(items.len() as u16);\n    \
         std::hint::black_box(own);\n}}\n"
    );
    package(&folder, "lends", more, &[("lends", &text)]);
    let run = qadapt_in(&folder, &["audit", "--whole-program"]);
    run.assert(1, "");
    assert!(!run.stdout.contains("no debug information"), "{}", run.stdout);
    assert!(run.stdout.contains("lender/lender.rs:2"), "{}", run.stdout);
}

/// A build script that cargo runs each time, and a procedural macro in the compiler that it then starts: both have the guard, and are
/// not what is audited.
#[test]
fn what_cargo_starts_besides_the_program_is_no_part_of_an_audit() {
    let folder = alone("besides");
    let watched = "qadapt::set_mode(qadapt::Mode::Count);\n    \
                   qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));\n";
    package(&folder.join("passes"), "passes", "[lib]\nproc-macro = true\npath = \"passes.rs\"\n", &[]);
    let passes = format!(
        "use proc_macro::TokenStream;\n#[proc_macro_attribute]\npub fn pass(_: TokenStream, item: TokenStream) -> \
         TokenStream {{\n    {watched}    item\n}}\n"
    );
    std::fs::write(folder.join("passes/passes.rs"), passes).expect("it can be written");
    let script = format!(
        "{GUARDED}fn main() {{\n    println!(\"cargo::rerun-if-changed=nothing-there\");\n    {watched}}}\n"
    );
    std::fs::write(folder.join("build.rs"), script).expect("it can be written");
    let more = format!(
        "[workspace]\nexclude = [\"passes\"]\n[build-dependencies]\nqadapt.path = '{}'\n\
         [dependencies.passes]\npath = \"passes\"\n",
        guard("qadapt").display()
    );
    let text = format!("{GUARDED}#[passes::pass]\nfn main() {{\n    qadapt::assert_no_alloc(|| ());\n}}\n");
    package(&folder, "besides", &more, &[("besides", &text)]);
    qadapt_in(&folder, &["audit", "--profile", "debug", "--bin", "besides"]).assert(0, "");
    let whole = ["audit", "--profile", "debug", "--bin", "besides", "--whole-program"];
    let run = qadapt_in(&folder, &whole);
    assert!(run.stdout.contains("\ndebug: 1 process,"), "{}\n{}", run.stdout, run.stderr);
}

/// A program that cargo leaves out of what it builds, and does not run.
/// Cargo puts both programs in one place, and the second one over the first.
#[test]
fn profiles_that_share_a_folder_keep_their_names() {
    let folder = alone("shared");
    let text = format!(
        "{GUARDED}fn main() {{ qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1)))) }}\n"
    );
    package(
        &folder,
        "shared",
        "[workspace]\n[profile.test]\nopt-level = 1\n[profile.\"größe\"]\ninherits = \"dev\"\n",
        &[("shared", &text)],
    );
    let run = qadapt_in(&folder, &["audit", "--profile", "debug,test,größe"]);
    run.assert(1, "");
    for profile in ["debug", "test", "größe"] {
        assert!(run.stdout.contains(&format!("{profile}: once, 4 bytes")), "{profile}: {}", run.stdout);
    }
}

#[test]
fn where_cargo_builds_no_program_nobody_is_told_what_one_lacks() {
    let folder = alone("asks");
    let more =
        "[workspace]\n[[bin]]\nname = \"asks\"\nrequired-features = [\"more\"]\n[features]\nmore = []\n";
    package(&folder, "asks", more, &[("asks", &format!("{GUARDED}fn main() {{}}\n"))]);
    let run = qadapt_in(&folder, &["audit", "--profile", "debug"]);
    run.assert(2, "requires the features: `more`");
    assert!(run.stderr.contains("cargo built no program of it"), "{}", run.stderr);
    assert!(!run.stderr.contains("does not link qadapt"), "{}", run.stderr);
}

/// A program without any names, of which all that is left could be anybody's.
#[test]
#[cfg(target_os = "linux")]
fn a_program_that_is_linked_without_symbols_has_no_sites() {
    let folder = alone("bare");
    let text = format!(
        "{GUARDED}fn main() {{\n    qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));\n}}\n"
    );
    package(&folder, "bare", "[workspace]\n", &[("bare-one", &text)]);
    let script = "fn main() {\n    println!(\"cargo:rustc-link-arg=-s\");\n}\n";
    std::fs::write(folder.join("build.rs"), script).expect("it can be written");
    let run = qadapt_in(&folder, &["audit", "--profile", "debug"]);
    run.assert(2, "has no debug information");
    assert_eq!(run.stderr.matches("error: ").count(), 1, "{}", run.stderr);
    assert!(!run.stdout.contains("standard library itself"), "{}", run.stdout);
    qadapt_in(&folder, &["check", "--profile", "debug", "--bless"]).assert(2, "has no debug information");
    assert!(!folder.join("qadapt.lock").exists(), "a baseline has no addresses");
}

/// A dynamic standard library has the allocator: what std itself asks for does not come to the program's, whatever that says.
#[test]
fn a_dynamic_standard_library_is_no_clean_audit() {
    let folder = alone("dynamic");
    let text = format!(
        "{GUARDED}fn main() {{\n    drop(std::hint::black_box(Box::new(1)));\n    qadapt::assert_no_alloc(|| \
         drop(std::hint::black_box(std::env::current_dir())));\n}}\n"
    );
    package(&folder, "dynamic", "[workspace]\n", &[("dynamic", &text)]);
    let audit = |flags: &[&str]| qadapt_in(&folder, &[&["audit", "--profile", "release"], flags].concat());
    audit(&[]).assert(1, "");
    let run = audit(&["--cargo-config", "build.rustflags = [\"-Cprefer-dynamic\"]"]);
    run.assert(2, "has the standard library as a dynamic library");
}
