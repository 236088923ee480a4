//! What must not wait, where there is little room or little that the kernel permits.
// expect: run overflow overflow
// expect: signal ABRT
// expect: stderr has overflowed its stack
// expect: off signal ABRT
// expect: run filtered filtered
// expect: stdout held
// expect: off stdout held

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("held: nothing is watched here");
    if std::env::args().nth(1).as_deref() == Some("overflow") {
        eprintln!("nothing has overflowed its stack");
        std::process::abort();
    }
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::hint::black_box;
    use std::process::Command;
    use std::{env, thread};

    use qadapt::{Mode, Policy, QADAPT, is_blocking_watched, violations};

    #[global_allocator]
    static ALLOC: QADAPT = QADAPT;

    const COUNT: Policy = Policy::no_blocking().mode(Mode::Count);

    pub(super) fn main() {
        match env::args().nth(1).as_deref() {
            Some("overflow") => {
                COUNT.run(|| black_box(sink(0)));
            }
            Some("filtered") => filtered(),
            _ => panic!("a case is missing"),
        }
    }

    /// Calls itself until the stack has no more room.
    fn sink(depth: u64) -> u64 {
        let room = black_box([depth; 64]);
        if depth == u64::MAX { 0 } else { sink(depth + 1) + room[1] }
    }

    /// Threads and processes start in a region, where a filter forbids to read and write memory by system calls.
    #[allow(unsafe_code, reason = "std has no filters")]
    fn filtered() {
        let step = |code, jump_if, jump_else, k| libc::sock_filter { code, jt: jump_if, jf: jump_else, k };
        let [reading, writing] = [libc::SYS_process_vm_readv, libc::SYS_process_vm_writev]
            .map(|call| u32::try_from(call).expect("a small number"));
        // Loads the call's number; if it is one of the two, the answer is EPERM.
        let steps = [
            step(0x20, 0, 0, 0),
            step(0x15, 1, 0, reading),
            step(0x15, 0, 1, writing),
            step(0x06, 0, 0, 0x0005_0000 | 1),
            step(0x06, 0, 0, 0x7FFF_0000),
        ];
        let program = libc::sock_fprog { len: 5, filter: steps.as_ptr().cast_mut() };
        let each = u64::from(is_blocking_watched());
        COUNT.run(thread::yield_now);
        assert_eq!(violations(), each);
        // SAFETY: the arguments are numbers.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
        // SAFETY: the program is as long as it says, and outlives the call, which copies it.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, 2, &raw const program) }, 0);
        let joined = COUNT.run(|| thread::spawn(|| 5).join());
        assert_eq!(joined.expect("it does not panic"), 5);
        let status = COUNT.run(|| Command::new("/bin/true").status());
        assert!(status.expect("it starts").success());
        // Whatever of that was seen: the next region's calls are.
        let before = violations();
        COUNT.run(thread::yield_now);
        assert_eq!(violations() - before, each);
        println!("held");
    }
}
