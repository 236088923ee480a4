//! A program with rights that its user has not ignores what the user's environment tells it.
//!
//! Alone because it only runs other programs. It needs root, to make a program set-user-id, and a file system that
//! heeds that; elsewhere it says what is missing.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use qadapt_tests::child::{self, Outcome};

/// A user that owns nothing.
const NOBODY: u32 = 65534;

/// A folder of this test's, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("qadapt-privileged-{}", std::process::id()));
        fs::create_dir(&path).expect("a folder");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        Self(path)
    }

    /// A copy of the probe with these rights.
    fn program(&self, name: &str, mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::copy(child::program("privileged"), &path).expect("the probe");
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("it is ours");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a program as nobody, who asks for a trace in a folder, for another mode and for every frame.
fn as_nobody(program: &Path, trace: &Path) -> Outcome {
    let mut command: Command = child::command(program);
    command.current_dir("/").uid(NOBODY).gid(NOBODY);
    child::run(command.env("QADAPT_TRACE", trace).env("QADAPT_MODE", "count").env("QADAPT_BACKTRACE", "full"))
}

#[test]
fn a_privileged_program_ignores_the_environment() {
    if child::run(Command::new("id").arg("-u")).stdout.trim() != "0" {
        println!("not tested: only root can make a program set-user-id");
        return;
    }
    let folder = Folder::new();
    let open = folder.0.join("open");
    fs::create_dir(&open).expect("a folder");
    chown(&open, Some(NOBODY), Some(NOBODY)).expect("root may");

    // As a program without any rights of its own, it listens.
    let checks = cfg!(any(debug_assertions, feature = "enforce"));
    let trace = open.join("plain");
    let outcome = as_nobody(&folder.program("plain", 0o755), &trace);
    assert!(outcome.status.success(), "{outcome:?}");
    assert_eq!(outcome.stdout.contains("in count mode"), checks, "{outcome:?}");
    assert_eq!(trace.exists(), checks);
    if checks {
        let mode = fs::metadata(&trace).expect("the folder of the trace").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "what runs is its user's business alone");
    }

    for (name, mode) in [("set-user-id", 0o4755), ("set-group-id", 0o2755)] {
        let program = folder.program(name, mode);
        let trace = open.join(name);
        let outcome = as_nobody(&program, &trace);
        if checks && !is_heeded(&program) {
            println!("not tested: the file system of {} does not heed set-user-id", program.display());
            return;
        }
        assert!(outcome.status.success(), "{outcome:?}");
        assert_eq!(outcome.stdout.contains("in panic mode"), checks, "{outcome:?}");
        assert_eq!(outcome.stderr.contains("= QADAPT_BACKTRACE=full shows all"), checks, "{outcome:?}");
        assert!(!trace.exists(), "{name}: a folder was made");
    }
}

/// True unless the folder is mounted without such rights.
fn is_heeded(program: &Path) -> bool {
    let folder = program.parent().expect("a folder");
    let options = child::run(
        Command::new("findmnt").args(["--noheadings", "--output", "OPTIONS", "--target"]).arg(folder),
    );
    !options.stdout.split(',').any(|option| option.trim() == "nosuid")
}
