//! What a branch changed.

use std::process::Command;

use crate::check::copy::Copy;
use crate::golden;

fn git(copy: &Copy, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(&copy.root)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_branch_is_held_against_where_it_left() {
    let copy = Copy::new("since");
    git(&copy, &["init", "--quiet"]);
    git(&copy, &["add", "."]);
    git(&copy, &["commit", "--quiet", "-m", "without a baseline"]);
    copy.bless(&[]);
    git(&copy, &["add", "."]);
    git(&copy, &["commit", "--quiet", "-m", "with one"]);
    git(&copy, &["checkout", "--quiet", "-b", "branch"]);
    copy.check(&["--since", "main"]).assert(0, &["No region changed since `main`."]);

    copy.edit("meter/src/lib.rs", "    black_box(step) * 3", "    black_box(step.to_string()).len() as u64");
    copy.edit("meter/src/main.rs", "meter::fill(times);", "meter::fill(times - 1);");
    copy.edit("meter/src/main.rs", "        meter::log(step);\n", "");
    copy.edit(
        "meter/src/lib.rs",
        "pub fn fill(",
        "pub fn extra() {\n    assert_no_alloc(|| drop(black_box(Box::new([0_u8; 32]))));\n}\n\npub fn fill(",
    );
    copy.edit("meter/src/main.rs", "    let mut times", "    meter::extra();\n    let mut times");
    let table = copy.check(&["--since", "main"]);
    table.assert(1, &[]);
    golden::assert("meter-since.md", &table.stdout);
    // Settled on the branch, it passes, and still says what changed.
    copy.check(&["--bless"]).assert(0, &[]);
    git(&copy, &["commit", "--quiet", "--all", "-m", "accepted"]);
    let settled = copy.check(&["--since", "main"]);
    settled.assert(0, &["| more | `meter::tick` |"]);
    settled.assert_not("The check fails");
    // What others change meanwhile is no change of this branch.
    git(&copy, &["checkout", "--quiet", "main"]);
    copy.write("qadapt.lock", "version = 1\n");
    git(&copy, &["commit", "--quiet", "--all", "-m", "others"]);
    git(&copy, &["checkout", "--quiet", "branch"]);
    assert_eq!(copy.check(&["--since", "main"]).stdout, settled.stdout);
    // Where there was no baseline, all is new.
    copy.check(&["--since", "main~2"]).assert(0, &["| new | `meter::tick` |"]);

    copy.check(&["--since", "nowhere"]).assert(2, &["git knows no revision `nowhere`", "fetch"]);
    copy.check(&["--since=--all"]).assert(2, &["git knows no revision `--all`"]);
}

/// Git tells hooks of the repository by variables, by which it takes the folder that it is started in for the top of all. A baseline
/// that is too old shows, before anything is built, that it was found.
#[test]
#[cfg(unix)]
fn the_baseline_is_found_in_a_hook_and_behind_a_link() {
    use std::fs;
    use std::os::unix::fs::symlink;

    let top = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("check/hook");
    let _ = fs::remove_dir_all(&top);
    let copy = Copy::new("hook/inner");
    git(&copy, &["init", "--quiet", ".."]);
    let lock = copy.root.join("qadapt.lock");
    let settled = "version = 1\n[[run]]\ncommand = \"-p meter --bin meter\"\nprofiles = [\"debug\"]\n";
    let commit = || {
        git(&copy, &["add", ".."]);
        git(&copy, &["commit", "--quiet", "-m", "a baseline"]);
        fs::remove_file(&lock).expect("it is there");
        copy.write("qadapt.lock", settled);
    };
    let since = |said: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        command.args(["check", "-p", "meter", "--bin", "meter", "--profile", "debug", "--since", "HEAD"]);
        let output = command.current_dir(&copy.root).envs(variables.iter().copied()).output();
        let output = output.expect("the command starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(said), "no `{said}` in {stderr}");
    };
    let found = "qadapt.lock of the revision `HEAD`: the baseline has version 0";

    copy.write("qadapt.lock", "version = 0\n");
    commit();
    let repository = top.join(".git");
    since(found, &[("GIT_DIR", repository.to_str().expect("the path is UTF-8"))]);

    fs::remove_file(&lock).expect("it is there");
    fs::write(top.join("old.lock"), "version = 0\n").expect("it can be written");
    symlink("../old.lock", &lock).expect("a link can be made");
    commit();
    since(found, &[]);

    fs::remove_file(&lock).expect("it is there");
    symlink("../../elsewhere", &lock).expect("a link can be made");
    commit();
    since("it is a symbolic link that leads out of the repository, to `../elsewhere`", &[]);

    // What cannot be read is not absent.
    let mut tree = Command::new("git");
    let tree = tree.args(["rev-parse", "HEAD^{tree}"]).current_dir(&top).output().expect("git starts");
    let tree = String::from_utf8(tree.stdout).expect("it is a number");
    let (folder, file) = tree.trim().split_at(2);
    fs::remove_file(repository.join("objects").join(folder).join(file)).expect("it is there");
    since("git could not show qadapt.lock of `HEAD`", &[]);
}

#[test]
fn outside_of_a_repository() {
    let copy = Copy::new("no-git");
    copy.write(
        "qadapt.lock",
        "version = 1\n[[run]]\ncommand = \"-p meter --bin meter\"\nprofiles = [\"debug\"]\n",
    );
    // The folder may lie in the repository of the tests themselves.
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
    let output = command
        .args(["check", "-p", "meter", "--bin", "meter", "--profile", "debug", "--since", "HEAD"])
        .current_dir(&copy.root)
        .env("GIT_CEILING_DIRECTORIES", copy.root.parent().expect("it has a parent"))
        .output()
        .expect("the command starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(stderr.contains("needs a git repository"), "{stderr}");
}
