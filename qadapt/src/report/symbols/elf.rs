//! Symbols where programs are ELF files, without any lock.
//!
//! The crate backtrace resolves under a lock that a forked child can find held for ever. Here a resolver takes the
//! loaded programs out of their place, uses them alone and puts them back. Whoever finds the place empty waits a moment
//! and then loads the programs anew: some milliseconds and some megabytes, but never a wait without end.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use qadapt_symbols::{Function, Program};

use super::Symbol;
use crate::sys;

/// The programs and libraries that were looked into.
static LOADED: ArcSwapOption<Mutex<Programs>> = ArcSwapOption::const_empty();
/// Somebody has them, or loads them. Relaxed: it only says that a wait may be worth its time.
static IN_USE: AtomicBool = AtomicBool::new(false);

/// How often a resolver looks whether another one has finished, and how long it sleeps in between.
const LOOKS: u32 = 100;
const SLEEP: Duration = Duration::from_millis(1);

/// `None` for a file that cannot be read.
type Programs = Vec<(PathBuf, Option<Program>)>;

/// Calls `found` with the functions at each address, innermost first, until it returns false.
pub(in crate::report) fn resolve(addresses: &[usize], mut found: impl FnMut(usize, Symbol) -> bool) {
    let loaded = take();
    let mut programs = loaded.lock().unwrap_or_else(PoisonError::into_inner);
    let mappings = mappings();
    let mut own = [0; 1024];
    let own = sys::program(&mut own).map(|path| Path::new(OsStr::from_bytes(path)));
    for &address in addresses {
        // The address is the one that the frame returns to; the call is the byte before.
        let call = address.saturating_sub(1);
        let mut goes_on = true;
        let mut any = false;
        let mut is_system = false;
        let mut library = None;
        if let Some((mapping, offset, path)) = mappings.iter().find(|(mapping, ..)| mapping.contains(&call)) {
            is_system = is_of_system(path);
            // Where the program's own path is not known nothing is a library's.
            if !is_system && own.is_some_and(|own| own != path) {
                library = path.file_name().map(|name| name.to_string_lossy().into_owned());
            }
            // Debug information of the C library takes longer to read than all the rest, and nobody asks for it.
            if let Some(program) = program(&mut programs, path, !is_system) {
                for function in program.functions_at(call - mapping.start + offset) {
                    any = true;
                    let Function { name: function, file, line, column } = function;
                    let symbol = Symbol { function, file, line, column, is_system, library: library.clone() };
                    goes_on = goes_on && found(address, symbol);
                }
            }
        }
        if !any {
            goes_on = found(address, Symbol { is_system, library, ..Symbol::default() });
        }
        if !goes_on {
            break;
        }
    }
    drop(programs);
    LOADED.store(Some(loaded));
    IN_USE.store(false, Ordering::Relaxed);
}

/// In a forked child: whoever used the programs is not here any more.
pub(in crate::report) fn forked() {
    IN_USE.store(false, Ordering::Relaxed);
}

fn take() -> Arc<Mutex<Programs>> {
    for _ in 0..LOOKS {
        if let Some(loaded) = LOADED.swap(None) {
            IN_USE.store(true, Ordering::Relaxed);
            return loaded;
        }
        if !IN_USE.swap(true, Ordering::Relaxed) {
            break;
        }
        thread::sleep(SLEEP);
    }
    Arc::default()
}

/// The parts of files that are loaded: where, from which offset in the file, and which file.
fn mappings() -> Vec<(Range<usize>, usize, PathBuf)> {
    let mut mappings = Vec::new();
    sys::for_each_code(|addresses, offset, path| {
        mappings.push((addresses, offset, PathBuf::from(OsStr::from_bytes(path))));
    });
    mappings
}

/// True for the C library, in its parts, and for the loader.
fn is_of_system(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_bytes();
    [&b"libc.so"[..], b"libc-", b"ld-linux", b"ld-musl", b"libpthread", b"libgcc_s"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn program<'a>(programs: &'a mut Programs, path: &Path, with_lines: bool) -> Option<&'a Program> {
    let index = programs.iter().position(|(known, _)| known == path).unwrap_or_else(|| {
        programs.push((path.to_owned(), Program::load(path, with_lines)));
        programs.len() - 1
    });
    programs.get(index)?.1.as_ref()
}
