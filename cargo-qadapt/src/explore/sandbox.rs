//! What snippets are built and run in: bubblewrap, and limits.
//!
//! A sandbox sees the toolchain, the registry and the project, none of which it can change, and nothing else of the home
//! folder. What it writes is in memory, of a size that is limited, and gone when it ends; only where the project's own
//! dependencies are built does a folder stay. It has no network, and processes of its own alone, which end with it.
//!
//! Limits on processes do not hold for root, so that root becomes somebody else inside.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::project::Project;
use crate::error::{Cause, Error, Result};

/// What a process may use at most. Each number is for one process, but for those that say otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Seconds of processor time.
    pub processor: u64,
    /// Bytes of address space.
    pub address_space: u64,
    /// Bytes of memory of a sandbox's processes together.
    pub memory: u64,
    /// Bytes of files that a sandbox may write in memory, for each of its three folders.
    pub files: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Processes and threads of a sandbox together.
    pub processes: u64,
    /// Bytes that a program may print.
    pub output: u64,
    /// Seconds that a program may run.
    pub run_seconds: u64,
    /// Seconds for a part of a job, its build included.
    pub part_seconds: u64,
}

/// For a snippet.
pub const SNIPPET: Limits = Limits {
    processor: 30,
    address_space: 8 << 30,
    memory: 2 << 30,
    files: 512 << 20,
    file: 256 << 20,
    processes: 256,
    output: 4 << 20,
    run_seconds: 10,
    part_seconds: 60,
};

/// For the project's dependencies, which may be large.
pub const DEPENDENCIES: Limits =
    Limits { processor: 600, memory: 8 << 30, part_seconds: 1800, file: 4 << 30, ..SNIPPET };

/// For what the project itself runs.
pub const TARGET: Limits = Limits { run_seconds: 60, ..DEPENDENCIES };

/// Whoever root becomes inside; the slot's number is added.
const SOMEBODY: u32 = 64_000;

/// What of the system is seen inside: programs, libraries, and what finds them.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
];

/// How processes are started.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// Whether there is one at all.
    is_closed: bool,
    is_root: bool,
    own: PathBuf,
    toolchain: PathBuf,
    cargo_home: PathBuf,
    /// What the project's crates are built from, and the lock file that snippets have.
    sources: Vec<PathBuf>,
}

/// What one sandbox has besides what all have.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    /// Read-only: the order and its input.
    pub job: &'a Path,
    /// In memory: where the package is made.
    pub package: &'a Path,
    /// In memory, unless `kept` is there: where it is built.
    pub target: &'a Path,
    /// A folder of the disk in place of that.
    pub kept: Option<&'a Path>,
    /// Read-only: what was built before.
    pub built: Option<&'a Path>,
    /// A number that no other sandbox has meanwhile.
    pub slot: u32,
    /// What its processes may use.
    pub limits: Limits,
    /// Whether what is built has an allocator of its own, as snippets have, so that the guard installs none.
    pub has_allocator: bool,
}

impl Sandbox {
    /// Finds what is needed for one; without a sandbox, for processes outside of any.
    ///
    /// # Errors
    /// If bwrap is not there or does not work here, or the project lies where it cannot be shown alone.
    pub fn find(project: &Project, is_closed: bool) -> Result<Self> {
        let is_root = rustix::process::geteuid().is_root();
        let own = env::current_exe()
            .map_err(|e| Error::io("find this command at", Path::new("/proc/self/exe"), e))?;
        let sandbox = Self {
            is_closed,
            is_root,
            own,
            toolchain: toolchain(&project.root)?,
            cargo_home: cargo_home(),
            // The lock file lies outside of the project where the target folder does.
            sources: project.sources.iter().cloned().chain([project.lock_file()]).collect(),
        };
        if is_closed {
            let home = env::home_dir().unwrap_or_default();
            if let Some(source) = sandbox.sources.iter().find(|source| home.starts_with(source)) {
                return Err(Error::Usage(format!(
                    "the home folder lies in `{}`, so that snippets would see it all: move the project into a folder of \
                     its own",
                    source.display()
                )));
            }
            sandbox.try_out()?;
        }
        Ok(sandbox)
    }

    /// The toolchain's folder, and the one in which cargo keeps what it has downloaded.
    #[must_use]
    pub fn toolchain(&self) -> (&Path, &Path) {
        (&self.toolchain, &self.cargo_home)
    }

    /// Whether what runs is kept away from the rest of this machine.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Makes a folder writable for whoever runs inside.
    ///
    /// # Errors
    /// If that is not allowed.
    pub fn give(&self, folder: &Path, slot: u32) -> Result<()> {
        let somebody = SOMEBODY + slot;
        if !self.is_closed || !self.is_root {
            return Ok(());
        }
        chown(folder, Some(somebody), Some(somebody))
            .map_err(|e| Error::io("give away the folder", folder, e))
    }

    fn try_out(&self) -> Result<()> {
        let mut command = Command::new("bwrap");
        self.close(&mut command, SNIPPET, &[]);
        command.args(["--", "/usr/bin/env", "true"]);
        let why: Cause = match command.output() {
            Ok(output) if output.status.success() => return Ok(()),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().into(),
            Err(e) => e.into(),
        };
        Err(Error::failed(
            "snippets run in a sandbox, and bwrap does not make one here: install it (Debian: apt-get install bubblewrap) \
             and allow user namespaces, or run your own code, and no one else's, with --no-sandbox",
        )(why))
    }

    /// What all sandboxes have, with as much memory for their own `/tmp` as these limits say, and with ways to these folders.
    fn close(&self, command: &mut Command, limits: Limits, folders: &[&Path]) {
        command.args([
            "--die-with-parent",
            "--new-session",
            "--unshare-ipc",
            "--unshare-pid",
            "--unshare-net",
            "--unshare-uts",
            "--unshare-cgroup-try",
            "--clearenv",
            "--cap-drop",
            "ALL",
        ]);
        if self.is_root {
            command.args(["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]);
        } else {
            command.arg("--unshare-user");
        }
        // First, so that a project that lies in the real one is seen in it.
        in_memory(command, Path::new("/tmp"), limits);
        let mut shown: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
        shown.extend(self.sources.iter().cloned());
        shown.extend([self.toolchain.clone(), self.own.clone()]);
        shown.extend(["registry", "git", "config.toml"].map(|name| self.cargo_home.join(name)));
        // bwrap makes the folders that lead there for root alone.
        let paths = shown.iter().map(PathBuf::as_path).chain(folders.iter().copied());
        let above: BTreeSet<&Path> = paths.filter_map(Path::parent).flat_map(Path::ancestors).collect();
        for folder in above.into_iter().filter(|folder| folder.parent().is_some()) {
            command.args(["--perms", "0755", "--dir"]).arg(folder);
        }
        for path in &shown {
            command.arg("--ro-bind-try").arg(path).arg(path);
        }
        command.args(["--proc", "/proc", "--dev", "/dev"]);
    }

    /// The process that makes what an order says.
    #[must_use]
    pub fn command(&self, order: &Path, room: &Room<'_>) -> Command {
        let mut command = if self.is_closed { self.inside(room) } else { Command::new("prlimit") };
        if self.is_closed {
            command.arg("--");
            if self.is_root {
                let somebody = (SOMEBODY + room.slot).to_string();
                command.args(["setpriv", "--reuid", &somebody, "--regid", &somebody, "--clear-groups"]);
            }
            command.arg("prlimit");
        }
        let limits = room.limits;
        let of = |name: &str, most: u64| format!("--{name}={most}:{most}");
        command.args([
            of("cpu", limits.processor),
            of("as", limits.address_space),
            of("fsize", limits.file),
            of("core", 0),
            of("nofile", 1024),
        ]);
        // Outside of a sandbox all of the user's processes would count.
        if self.is_closed {
            command.arg(of("nproc", limits.processes));
        }
        command.arg("--").arg(&self.own).arg(super::work::VERB).arg(order);
        if !self.is_closed {
            command.envs(self.environment(room));
        }
        command
    }

    /// `bwrap` with all that a room has.
    fn inside(&self, room: &Room<'_>) -> Command {
        let mut command = Command::new("bwrap");
        // With a target folder of the user's choice they lie outside of the project.
        let own: Vec<&Path> = [Some(room.job), Some(room.package), Some(room.target), room.built]
            .into_iter()
            .flatten()
            .collect();
        self.close(&mut command, room.limits, &own);
        in_memory(&mut command, room.package, room.limits);
        match room.kept {
            Some(kept) => {
                command.arg("--bind").arg(kept).arg(room.target);
            }
            None => in_memory(&mut command, room.target, room.limits),
        }
        for path in [Some(room.job), room.built].into_iter().flatten() {
            command.arg("--ro-bind").arg(path).arg(path);
        }
        for (name, value) in self.environment(room) {
            command.arg("--setenv").arg(name).arg(value);
        }
        command.arg("--chdir").arg(room.package);
        command
    }

    fn environment(&self, room: &Room<'_>) -> Vec<(&'static str, OsString)> {
        let programs = self.toolchain.join("bin");
        let mut path = programs.clone().into_os_string();
        path.push(":/usr/local/bin:/usr/bin:/bin");
        let mut variables: Vec<(&str, OsString)> = vec![
            ("CARGO", programs.join("cargo").into()),
            ("CARGO_HOME", self.cargo_home.clone().into()),
            ("CARGO_TARGET_DIR", room.target.into()),
            ("CARGO_NET_OFFLINE", "true".into()),
            ("CARGO_INCREMENTAL", "0".into()),
            ("CARGO_TERM_COLOR", "never".into()),
            ("PATH", path),
        ];
        if room.has_allocator {
            variables.push(("QADAPT_INSTALL", "0".into()));
        }
        if self.is_closed {
            variables.extend([("HOME", "/tmp".into()), ("LANG", "C.UTF-8".into())]);
        }
        variables
    }
}

/// A folder in memory that all can write.
fn in_memory(command: &mut Command, folder: &Path, limits: Limits) {
    command.args(["--perms", "1777", "--size", &limits.files.to_string(), "--tmpfs"]).arg(folder);
}

/// The folder of the toolchain with which the project is built.
fn toolchain(workspace: &Path) -> Result<PathBuf> {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
        .args(["--print", "sysroot"])
        .current_dir(workspace)
        .output()
        .map_err(|source| Error::Start { program: "rustc --print sysroot".to_owned(), source })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let silent = Error::failed("`rustc --print sysroot` does not say where the toolchain is");
        return Err(silent(said.trim_end()));
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end()))
}

/// Where cargo keeps what it has downloaded.
fn cargo_home() -> PathBuf {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.unwrap_or_else(|| env::home_dir().unwrap_or_default().join(".cargo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(project: &Path) -> Sandbox {
        Sandbox {
            is_closed: true,
            is_root: true,
            own: "/usr/bin/own".into(),
            toolchain: "/toolchain".into(),
            cargo_home: "/cargo".into(),
            sources: vec![project.to_owned()],
        }
    }

    #[test]
    fn a_project_in_the_folder_for_temporary_files_is_seen() {
        let project = PathBuf::from("/tmp/project");
        let mut command = Command::new("bwrap");
        sandbox(&project).close(&mut command, SNIPPET, &[]);
        let arguments: Vec<_> = command.get_args().collect();
        // What is mounted later lies above.
        let own = arguments.windows(2).position(|pair| pair == ["--tmpfs", "/tmp"]).expect("it has its own");
        let shown = arguments.windows(2).position(|pair| pair[0] == "--ro-bind-try" && pair[1] == project);
        assert!(shown.is_some_and(|shown| own < shown), "{arguments:?}");
    }

    #[test]
    fn whoever_runs_inside_gets_to_a_target_folder_outside_of_the_project() {
        let room = |has_allocator| Room {
            job: Path::new("/a/jobs/1"),
            package: Path::new("/b/package"),
            target: Path::new("/c/target"),
            kept: None,
            built: Some(Path::new("/d/e/built")),
            slot: 1,
            limits: SNIPPET,
            has_allocator,
        };
        let command = sandbox(Path::new("/project")).command(Path::new("/a/jobs/1/debug.json"), &room(true));
        let arguments: Vec<_> = command.get_args().collect();
        for folder in ["/a", "/a/jobs", "/b", "/c", "/d", "/d/e"] {
            let made = arguments.windows(4).position(|words| words == ["--perms", "0755", "--dir", folder]);
            assert!(made.is_some(), "{folder}: {arguments:?}");
        }
        // The project's own programs may have the allocator that the guard installs.
        let is_kept_out = |has_allocator| {
            let environment = sandbox(Path::new("/project")).environment(&room(has_allocator));
            environment.contains(&("QADAPT_INSTALL", "0".into()))
        };
        assert!(is_kept_out(true) && !is_kept_out(false));
    }
}
