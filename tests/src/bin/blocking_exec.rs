//! Regions in which another program takes the process over, for `tests/blocking_exec.rs`. Without a case it ends at once.
// expect: exit 0

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[expect(unsafe_code, reason = "std does not fork alone")]
fn main() {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use qadapt::{Calls, Policy, no_blocking};

    let exec = || Command::new("/bin/echo").arg("another program").exec();
    match std::env::args().nth(1).as_deref() {
        None => return,
        Some("here") => _ = no_blocking(exec), // here: region
        Some("allowed") => _ = Policy::no_blocking().allow_calls(Calls::PROCESS).run(exec),
        Some("missing") => _ = no_blocking(|| Command::new("/nowhere/to/be/found").exec()),
        Some("child") => no_blocking(|| {
            // SAFETY: no other thread could have been at anything.
            let child = unsafe { libc::fork() };
            if child == 0 {
                let error = exec();
                // SAFETY: it ends the process.
                unsafe { libc::_exit(error.raw_os_error().unwrap_or(0)) };
            }
            let mut status = 0;
            // SAFETY: there is room for the status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            println!("the child ended with {}", libc::WEXITSTATUS(status));
        }),
        Some(other) => panic!("no case {other}"),
    }
    println!("the first program");
}

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
