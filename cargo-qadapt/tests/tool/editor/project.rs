//! A program to edit.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// A workspace of a library and a program.
pub(crate) struct Project {
    pub(crate) root: PathBuf,
    /// Where it is built there is one place for its program.
    _alone: MutexGuard<'static, ()>,
}

static ALONE: Mutex<()> = Mutex::new(());

/// How the command ended.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

const MAIN: &str = "\
#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[qadapt::allocate_panic]
fn tune(step: u32) -> Box<u32> {
    let unused = 1;
    radio_parts::boxed(step)
}

fn main() {
    std::mem::forget(tune(std::hint::black_box(7)));
}
";

const PARTS: &str = "\
//! Parts.

/// Allocates.
#[inline(never)]
pub fn boxed(step: u32) -> Box<u32> {
    let wide = step; /* ä */ Box::new(wide)
}
";

impl Project {
    /// Writes the sources into a folder for this test.
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("editor").join(name);
        let _ = std::fs::remove_dir_all(&root);
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt");
        let project = Self { root, _alone: ALONE.lock().unwrap_or_else(PoisonError::into_inner) };
        let _ = std::fs::remove_dir_all(project.findings());
        let package =
            |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n");
        project.write(
            "Cargo.toml",
            &format!(
                "{}[workspace]\nmembers = [\"parts\"]\n\n[dependencies]\nqadapt.path = {:?}\nradio_parts.path = \"parts\"\n\n\
                 [profile.dev]\ndebug = \"limited\"\n",
                package("radio"),
                guard.display()
            ),
        );
        project.write("src/main.rs", MAIN);
        project.write("parts/Cargo.toml", &package("radio_parts"));
        project.write("parts/src/lib.rs", PARTS);
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/audited/Cargo.lock");
        std::fs::copy(lock, project.root.join("Cargo.lock")).expect("there is a lock file");
        project
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.root.join(file)).expect("the file can be read")
    }

    /// Where all programs under test are built, so that the guard is built once.
    #[expect(clippy::unused_self, reason = "it is this project's, as far as the tests know")]
    pub(crate) fn target(&self) -> PathBuf {
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested")
    }

    /// Where this project's findings lie: below a name that is made of its folder's.
    pub(crate) fn findings(&self) -> PathBuf {
        let digest = Sha256::digest(self.root.as_os_str().as_encoded_bytes());
        let first = <[u8; 8]>::try_from(&digest[..8]).expect("they are eight");
        self.target().join("qadapt/findings").join(format!("{:016x}", u64::from_be_bytes(first)))
    }

    pub(crate) fn qadapt(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"))
            .arg("qadapt")
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.target())
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .output()
            .expect("the command starts");
        let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
        Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}
