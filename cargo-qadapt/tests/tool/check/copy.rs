//! A copy of the program, in a workspace of its own.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

/// A workspace with one package, `meter`.
pub(crate) struct Copy {
    pub(crate) root: PathBuf,
}

/// How the command ended.
pub(crate) struct Run {
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the command prints UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Asserts the exit code and that each of these is printed.
    #[track_caller]
    pub(crate) fn assert(&self, code: i32, printed: &[&str]) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(self.code, Some(code), "{stdout}\n{stderr}");
        for text in printed {
            assert!(stdout.contains(text) || stderr.contains(text), "no `{text}` in:\n{stdout}\n{stderr}");
        }
    }

    /// Asserts that this is nowhere.
    #[track_caller]
    pub(crate) fn assert_not(&self, text: &str) {
        let Self { stdout, stderr, .. } = self;
        assert!(!stdout.contains(text) && !stderr.contains(text), "`{text}` in:\n{stdout}\n{stderr}");
    }
}

impl Copy {
    /// Copies the program into a folder for this test.
    pub(crate) fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check").join(name);
        let _ = std::fs::remove_dir_all(&root);
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packages/audited");
        copy(&fixtures.join("meter"), &root.join("meter"));
        std::fs::copy(fixtures.join("Cargo.lock"), root.join("Cargo.lock")).expect("there is a lock file");
        let copy = Self { root };
        let guard = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt");
        copy.edit("meter/Cargo.toml", "../../../../../qadapt", guard.to_str().expect("the path is UTF-8"));
        // Cargo tells packages of one name apart by version, and not by the workspace that they are in.
        let mut hasher = DefaultHasher::new();
        name.hash(&mut hasher);
        copy.edit("meter/Cargo.toml", "0.1.0", &format!("0.1.{}", hasher.finish()));
        std::fs::copy(fixtures.join("Cargo.toml"), copy.root.join("Cargo.toml"))
            .expect("there is a manifest");
        let members = copy.read("Cargo.toml");
        let members = members.lines().find(|line| line.starts_with("members")).expect("it names its members");
        copy.edit("Cargo.toml", members, "members = [\"meter\"]");
        copy
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        std::fs::write(self.root.join(file), text).expect("the file can be written");
    }

    pub(crate) fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.root.join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
    }

    /// Replaces the one place in a file that has this text.
    #[track_caller]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {file}");
        self.write(file, &text.replace(from, to));
    }

    /// The number of the one line that has this text.
    #[track_caller]
    pub(crate) fn line(&self, file: &str, text: &str) -> usize {
        let source = self.read(file);
        let mut lines = source.lines().zip(1..).filter(|(line, _)| line.contains(text));
        let (_, number) = lines.next().unwrap_or_else(|| panic!("no `{text}` in {file}"));
        assert_eq!(lines.next(), None, "only one line is meant");
        number
    }

    /// `cargo qadapt ARGS` in this workspace, which reads its file `stdin` if there is one.
    pub(crate) fn qadapt(&self, arguments: &[&str]) -> Run {
        self.qadapt_in("", arguments)
    }

    /// The same in a folder of the workspace.
    pub(crate) fn qadapt_in(&self, folder: &str, arguments: &[&str]) -> Run {
        self.alone(folder, None, arguments)
    }

    fn alone(&self, folder: &str, cargo: Option<&Path>, arguments: &[&str]) -> Run {
        // All copies share a target directory, with the programs of other tests, so that the guard is built once; their
        // programs have one name there.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        self.run(folder, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("nested"), cargo, arguments)
    }

    /// The same with a target directory of its own.
    pub(crate) fn qadapt_into(&self, target: &Path, arguments: &[&str]) -> Run {
        self.run("", target, None, arguments)
    }

    /// The same in the shared target directory, with another cargo.
    #[cfg(unix)]
    pub(crate) fn qadapt_by(&self, cargo: &Path, arguments: &[&str]) -> Run {
        self.alone("", Some(cargo), arguments)
    }

    fn run(&self, folder: &str, target: &Path, cargo: Option<&Path>, arguments: &[&str]) -> Run {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-qadapt"));
        command
            .arg("qadapt")
            .args(arguments)
            .current_dir(self.root.join(folder))
            .stdin(std::fs::File::open(self.root.join("stdin")).map_or_else(|_| Stdio::null(), Stdio::from))
            .env("CARGO_TARGET_DIR", target)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("QADAPT_TRACE")
            .env_remove("QADAPT_MODE")
            .envs(cargo.map(|cargo| ("CARGO", cargo)));
        Run::of(command.output().expect("the command starts"))
    }

    /// `cargo qadapt check` of the program in profile debug.
    pub(crate) fn check(&self, more: &[&str]) -> Run {
        self.qadapt(&[&["check", "-p", "meter", "--bin", "meter", "--profile", "debug"], more].concat())
    }

    /// The same, and it must succeed.
    #[track_caller]
    pub(crate) fn bless(&self, more: &[&str]) {
        self.check(&[&["--bless"], more].concat()).assert(0, &["check passed: 0 failures"]);
    }
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("the folder can be made");
    for entry in std::fs::read_dir(from).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let to = to.join(path.file_name().expect("an entry has a name"));
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("the file can be copied");
        }
    }
}
