//! Proofs that are kept from one run to the next.
//!
//! A proof is kept under a key: the SHA-256 of all that it is made from. That is the bytes of the file and of what lies beside
//! it, what is asked and assumed, the sources that can open regions, and the program that proves. Whose code a frame is
//! also depends on source files that are read on the way; an entry lists those, and counts only while each is as it was.
//!
//! An entry that is not whole, or of another key, counts as none. Whoever can write into the folder can write one that is
//! whole and says anything, as he can write the program that is proven.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use qadapt_code::origin::Code;
use regex::Regex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::assume::Settings;
use super::debug::DebugFiles;
use super::identity::{Identity, hexadecimal};
use super::kept_verdict::Kept;
use super::verdict::{Rules, Verdict};

/// An entry that is larger is not kept, and not read.
const LARGEST: u64 = 16 << 20;
/// So many bytes all entries have at most; the oldest go first.
const MOST_BYTES: u64 = 64 << 20;
/// So many entries there are at most.
const MOST: usize = 256;
/// What has no final name yet and is older than this was left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(10 * 60);
/// How the names of entries end.
const ENTRY: &str = "proof";
/// How the names of files end that become entries.
const UNFINISHED: &str = "unfinished";

/// Where one proof is kept, whether or not it is there.
#[derive(Debug)]
pub(super) struct Entry<'s> {
    folder: &'s Path,
    key: String,
    settings: &'s Settings,
    code: &'s Code,
}

/// What an entry has below its first line.
#[derive(Deserialize, Serialize)]
struct Body {
    /// The source files that were read, each with its SHA-256.
    read: Vec<(String, [u8; 32])>,
    /// What is known of each assumption after the proof.
    assumptions: Vec<(bool, Vec<String>)>,
    analysed: usize,
    verdicts: Vec<Kept>,
}

impl<'s> Entry<'s> {
    /// Where the proof of a file is kept, of these functions or of what is marked; nowhere, if the settings name no folder for
    /// it or do not say whose code is whose.
    pub(super) fn of(
        file: &Identity,
        beside: &DebugFiles<'_>,
        functions: Option<&Regex>,
        rules: Rules,
        settings: &'s Settings,
    ) -> Option<Self> {
        let (folder, code) = (settings.kept.as_deref()?, settings.code.as_deref()?);
        let mut key = Key::default();
        key.add(env!("CARGO_PKG_VERSION"));
        key.add(&prover()?);
        key.add(&file.sha256);
        key.add(&beside.digest());
        if let Some(pattern) = functions {
            key.add(&format!("functions {}", pattern.as_str()));
        } else {
            key.add("marked");
            for source in beside.sources() {
                key.add(&source.path.to_string_lossy());
                key.add(&source.text);
                key.add(&source.package);
            }
        }
        let Rules { allow_frees, gaps } = rules;
        key.add(&format!("{allow_frees} {gaps}"));
        key.add(&settings.asked());
        key.add(&code.settled());
        // What settles a gap names places as they are called from here.
        key.add(&std::env::current_dir().unwrap_or_default().to_string_lossy());
        Some(Self { folder, key: hexadecimal(&key.0.finalize()), settings, code })
    }

    /// The verdicts, and how many functions were analysed; none if there is no entry that holds.
    pub(super) fn read(&self) -> Option<(Vec<Verdict>, usize)> {
        // Opening a pipe would wait for whoever writes to it.
        if !fs::metadata(self.path()).ok()?.is_file() {
            return None;
        }
        let mut bytes = Vec::new();
        File::open(self.path()).ok()?.take(LARGEST + 1).read_to_end(&mut bytes).ok()?;
        let end = bytes.iter().position(|&byte| byte == b'\n')?;
        let (first, body) = (&bytes[..end], &bytes[end + 1..]);
        if first != self.first_line(body).as_bytes() {
            return None;
        }
        let body: Body = serde_json::from_slice(body).ok()?;
        if !body.read.iter().all(|(file, digest)| self.code.is_unchanged(file, *digest)) {
            return None;
        }
        let verdicts = body.verdicts.into_iter().map(Kept::verdict).collect::<Option<_>>()?;
        self.settings.recall(body.assumptions);
        Some((verdicts, body.analysed))
    }

    /// Keeps a proof. What cannot be written is made again the next time.
    pub(super) fn write(&self, verdicts: &[Verdict], analysed: usize) {
        let body = Body {
            read: self.code.files_read(),
            assumptions: self.settings.known(),
            analysed,
            verdicts: verdicts.iter().map(Kept::of).collect(),
        };
        let Ok(body) = serde_json::to_vec(&body) else { return };
        let entry = [self.first_line(&body).as_bytes(), b"\n", &body].concat();
        if entry.len() as u64 > LARGEST || fs::create_dir_all(self.folder).is_err() {
            return;
        }
        tidy(self.folder, entry.len() as u64);
        let unfinished = self.folder.join(unfinished_name(&self.key));
        let written = File::create_new(&unfinished).and_then(|mut file| file.write_all(&entry));
        // Another run may have written the same entry: either is whole.
        if written.and_then(|()| fs::rename(&unfinished, self.path())).is_err() {
            let _ = fs::remove_file(&unfinished);
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.key).with_extension(ENTRY)
    }

    /// What is above the body: of which key it is, and that it is whole.
    fn first_line(&self, body: &[u8]) -> String {
        format!("{} {}", self.key, hexadecimal(&Sha256::digest(body)))
    }
}

/// A hash of parts, each with its length, so that no two lists of parts are the same.
#[derive(Default)]
struct Key(Sha256);

impl Key {
    fn add(&mut self, part: &str) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }
}

/// Which build of the prover this is: the program's file, which changes with each build. None if that cannot be told.
fn prover() -> Option<String> {
    // The file that is running, even if another one has its name by now.
    let running = File::open("/proc/self/exe");
    let running = running.or_else(|_| File::open(std::env::current_exe()?)).ok()?.metadata().ok()?;
    Some(format!("{} {:?} {:?}", running.len(), running.modified().ok()?, written(&running)))
}

/// Which file of the system it is, and when it was last written: no two builds have these in common.
#[cfg(unix)]
fn written(file: &fs::Metadata) -> [i64; 4] {
    use std::os::unix::fs::MetadataExt as _;
    [file.dev().cast_signed(), file.ino().cast_signed(), file.ctime(), file.ctime_nsec()]
}

#[cfg(not(unix))]
fn written(file: &fs::Metadata) -> Option<SystemTime> {
    file.created().ok()
}

/// A name that no other run uses at this time.
fn unfinished_name(key: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{key}-{}-{number}.{UNFINISHED}", std::process::id())
}

/// Removes the oldest entries until there is room for one more, and what was left behind.
fn tidy(folder: &Path, room: u64) {
    let Ok(files) = fs::read_dir(folder) else { return };
    let now = SystemTime::now();
    let mut entries = Vec::new();
    for file in files.flatten() {
        let path = file.path();
        let Ok(metadata) = file.metadata() else { continue };
        let Ok(modified) = metadata.modified() else { continue };
        let is = |kind| path.extension().is_some_and(|extension| extension == kind);
        if is(ENTRY) {
            entries.push((modified, metadata.len(), path));
        } else if is(UNFINISHED) && now.duration_since(modified).is_ok_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_file(&path);
        }
    }
    entries.sort();
    let mut bytes = entries.iter().fold(room, |sum, (_, length, _)| sum.saturating_add(*length));
    let mut count = entries.len() + 1;
    for (_, length, path) in entries {
        if bytes <= MOST_BYTES && count <= MOST {
            break;
        }
        let _ = fs::remove_file(&path);
        bytes = bytes.saturating_sub(length);
        count -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_key_do_not_run_together() {
        let key = |parts: &[&str]| {
            let mut key = Key::default();
            for part in parts {
                key.add(part);
            }
            key.0.finalize()
        };
        assert_ne!(key(&["ab", "c"]), key(&["a", "bc"]));
        assert_ne!(key(&["ab"]), key(&["ab", ""]));
        assert_eq!(key(&["ab", "c"]), key(&["ab", "c"]));
    }

    #[test]
    fn the_oldest_entries_go_and_so_does_what_was_left_behind() {
        let folder = std::env::temp_dir().join(format!("qadapt-kept-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let write = |name: String, age: u64| {
            let file = File::create(folder.join(name)).expect("a file");
            file.set_modified(SystemTime::now() - Duration::from_secs(age)).expect("an age");
        };
        for age in 0..300 {
            write(format!("{age}.{ENTRY}"), 2 * age);
        }
        write(format!("left.{UNFINISHED}"), 2 * LEFT_BEHIND.as_secs());
        write(format!("new.{UNFINISHED}"), 0);
        write("other".to_owned(), 10_000);
        tidy(&folder, 1);
        let is_there = |name: &str| folder.join(name).exists();
        let count = fs::read_dir(&folder).expect("the folder").count();
        assert_eq!(count, MOST - 1 + 2, "room for one, the new file and the one that is none of these");
        assert!(is_there(&format!("0.{ENTRY}")) && is_there(&format!("254.{ENTRY}")));
        assert!(!is_there(&format!("255.{ENTRY}")) && !is_there(&format!("left.{UNFINISHED}")));
        tidy(&folder, MOST_BYTES + 1);
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 2, "no room for any");
        fs::remove_dir_all(&folder).expect("it can be removed");
    }
}
