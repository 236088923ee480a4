//! Helpers shared by the tests.

pub mod calling;
pub mod child;
pub mod expect;
pub mod failing;
pub mod force;
pub mod polled;
pub mod reference;
#[cfg(unix)]
pub mod signal;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod vdso;
pub mod waiting;
pub mod worker;

/// True where the guard watches. Where it does not, says on standard error what is passed over and why.
#[must_use]
pub fn watching(what: &str) -> bool {
    let active = qadapt::is_active();
    if !active {
        eprintln!("{what} is passed over: this build has no checks (build with `--features enforce`)");
    }
    active
}

/// True where this thread's system calls are watched; says where not.
///
/// # Panics
/// If the guard watches here, and the kernel does not hand calls over.
#[must_use]
pub fn watching_calls() -> bool {
    let is_watched = qadapt::is_blocking_watched();
    if !is_watched {
        println!("passed over: blocking calls are not watched here");
    }
    assert_eq!(is_watched, qadapt::is_active(), "this kernel hands calls over");
    is_watched
}
