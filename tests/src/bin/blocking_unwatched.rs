//! Calls that were to be watched and are not: no figure says that there were none.
// expect: run filtered filtered
// expect: stdout held
// expect: stderr does not see blocking calls: the kernel refuses syscall user dispatch
// expect: off stdout held
// expect: off never does not see
// expect: run others others
// expect: stdout held
// expect: off stdout held
// expect: run once once
// expect: stdout held
// expect: off stdout held
// expect: run taken taken
// expect: stdout held
// expect: off stdout held
// expect: run vfork vfork
// expect: stdout held
// expect: off stdout held
// expect: run fork fork
// expect: stdout held
// expect: off stdout held
// expect: run permitted permitted
// expect: stdout held
// expect: off stdout held
// expect: run asked asked
// expect: stdout held
// expect: off stdout held
// expect: run lent lent
// expect: stdout held
// expect: off stdout held
// expect: run interrupted interrupted
// expect: stdout held
// expect: off stdout held
// expect: run refused refused
// expect: stdout held
// expect: off stdout held
// expect: run number number
// expect: stdout held
// expect: off stdout held
// expect: run full full
// expect: stdout held
// expect: off stdout held

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn main() {
    println!("held: nothing is watched here");
    eprintln!("it does not see blocking calls: the kernel refuses syscall user dispatch");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn main() {
    linux::main();
    println!("held");
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[allow(unsafe_code, reason = "std has no filters, and no forks")]
mod linux {
    use std::arch::asm;
    use std::fs::File;
    use std::hint::black_box;
    use std::io::Read as _;
    use std::mem::MaybeUninit;
    use std::panic::{self, catch_unwind};
    use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
    use std::{env, ptr, thread};

    use qadapt::{
        Budget, Mode, Ops, Policy, PolicyToken, QADAPT, blocking_violations, count_blocking,
        is_blocking_watched, permit_alloc, take_violations, violations,
    };
    use qadapt_tests::signal::handle;

    #[global_allocator]
    static ALLOC: QADAPT = QADAPT;

    const COUNT: Policy = Policy::no_blocking().mode(Mode::Count);
    /// `PR_SET_SYSCALL_USER_DISPATCH`.
    const DISPATCH: i32 = 59;

    pub(super) fn main() {
        // Nothing has asked for calls yet.
        assert_eq!(blocking_violations().get(), qadapt::is_active().then_some(0));
        match env::args().nth(1).as_deref() {
            Some("filtered") => filtered(),
            Some("others") => filtered_elsewhere(),
            Some("once") => asked_once(),
            Some("taken") => taken(),
            Some("vfork") => in_a_gap(),
            Some("fork") => in_a_child(),
            Some("permitted") => in_a_child_of_a_permit(),
            Some("asked") => asked(),
            Some("lent") => lent(),
            Some("full") => full(),
            Some("interrupted") => interrupted(),
            Some("number") => numbered(),
            Some("refused") => refused(),
            // Under Valgrind.
            Some("translated") => is_unmeasured(),
            _ => panic!("a case is missing"),
        }
    }

    /// The call, and what is known of it where it is not watched.
    fn is_unmeasured() {
        let before = violations();
        COUNT.run(thread::yield_now);
        assert_eq!(violations(), before, "nobody saw it");
        let figure = blocking_violations();
        assert!(figure != 0 && figure != 1 && figure.get().is_none(), "{figure}");
        let (counts, ()) = count_blocking(thread::yield_now);
        assert_eq!((counts.calls().get(), counts.is_measured()), (None, qadapt::is_active()));
        // Its message would be a report in a build without checks, which is to make none.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| ()));
        let is_met = catch_unwind(|| qadapt::assert_allocs!((), calls == 0)).is_ok();
        panic::set_hook(hook);
        assert!(!is_met);
        assert!(!is_blocking_watched());
    }

    /// A filter that refuses the guard's request to the kernel, as containers have.
    fn filtered() {
        filter();
        is_unmeasured();
        #[cfg(feature = "process-counts")]
        assert_eq!(qadapt::metrics().blocking_violations().get(), None);
        // On every thread; and where a thread starts anew, it has asked for nothing.
        let other = thread::spawn(|| {
            assert_eq!(blocking_violations().get(), qadapt::is_active().then_some(0));
            is_unmeasured();
        });
        other.join().expect("no panic");
        let _ = take_violations();
        assert_eq!(blocking_violations().get(), qadapt::is_active().then_some(0));
    }

    /// A filter that one thread alone has is none of the other threads'.
    fn filtered_elsewhere() {
        let is_watched = is_blocking_watched();
        let filtered = thread::spawn(|| {
            filter();
            is_unmeasured();
        });
        filtered.join().expect("no panic");
        let other = thread::spawn(move || {
            COUNT.run(thread::yield_now);
            assert_eq!(violations(), u64::from(is_watched));
            assert_eq!(blocking_violations().get(), is_watched.then_some(1));
        });
        other.join().expect("no panic");
    }

    /// The kernel that has refused is not asked a second time: the second filter would end the program.
    fn asked_once() {
        filter();
        is_unmeasured();
        for call in [libc::SYS_prctl, libc::SYS_rt_sigaction] {
            let argument = (call == libc::SYS_prctl).then_some(DISPATCH.unsigned_abs());
            answer(call, argument, KILL);
        }
        for _ in 0..3 {
            COUNT.run(thread::yield_now);
            assert!(!is_blocking_watched());
        }
    }

    /// Refuses the request on this thread from here on.
    fn filter() {
        refuse(libc::SYS_prctl, Some(DISPATCH.unsigned_abs()));
    }

    /// Refuses a call on this thread from here on, where its first argument is this.
    fn refuse(call: libc::c_long, argument: Option<u32>) {
        answer(call, argument, 0x0005_0000 | libc::EPERM.unsigned_abs());
    }

    /// `SECCOMP_RET_KILL_PROCESS`.
    const KILL: u32 = 0x8000_0000;

    /// Has the kernel answer a call on this thread so from here on, where its first argument is this.
    fn answer(call: libc::c_long, argument: Option<u32>, answer: u32) {
        let step = |code, jump_if, jump_else, k| libc::sock_filter { code, jt: jump_if, jf: jump_else, k };
        let call = u32::try_from(call).expect("a small number");
        // Any argument is at least 0.
        let (compares, argument) = argument.map_or((0x35, 0), |argument| (0x15, argument));
        // Loads the call's number, and the lower half of its first argument.
        let steps = [
            step(0x20, 0, 0, 0),
            step(0x15, 0, 3, call),
            step(0x20, 0, 0, 16),
            step(compares, 0, 1, argument),
            step(0x06, 0, 0, answer),
            step(0x06, 0, 0, 0x7FFF_0000),
        ];
        let program = libc::sock_fprog { len: 6, filter: steps.as_ptr().cast_mut() };
        // SAFETY: the arguments are numbers.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }, 0);
        // SAFETY: the program is as long as it says, and outlives the call, which copies it.
        assert_eq!(unsafe { libc::prctl(libc::PR_SET_SECCOMP, 2, &raw const program) }, 0);
    }

    /// Another part of the program has the kernel hand it this thread's calls.
    fn taken() {
        COUNT.run(thread::yield_now);
        let is_watched = is_blocking_watched();
        assert_eq!(blocking_violations().get(), is_watched.then_some(1));
        take(is_watched);
        is_unmeasured();
    }

    /// Takes this thread's calls.
    fn take(is_watched: bool) {
        static SELECTOR: AtomicU8 = AtomicU8::new(0);
        // SAFETY: the selector is a static byte, and allows every call.
        let taken = unsafe { libc::prctl(DISPATCH, 1, 0, 0, SELECTOR.as_ptr()) };
        assert!(taken == 0 || !is_watched, "this kernel has it");
        SELECTOR.store(0, Ordering::Relaxed);
    }

    /// A call after which the guard lets go of the thread: those that follow in the region are missed.
    fn in_a_gap() {
        // SAFETY: the child of `vfork` exits at once, and touches neither memory nor stack.
        let vfork = || unsafe {
            asm!(
                "syscall", "test rax, rax", "jnz 2f", "mov eax, 60", "xor edi, edi", "syscall", "2:",
                inout("rax") libc::SYS_vfork => _, out("rdi") _, out("rcx") _, out("r11") _,
            );
        };
        let (counts, ()) = count_blocking(|| {
            COUNT.run(|| {
                vfork();
                thread::yield_now();
            });
        });
        assert_eq!(counts.calls().get(), None);
        assert!(blocking_violations().get().is_none());
        let _ = take_violations();
        // The next region's are seen.
        COUNT.run(thread::yield_now);
        let is_watched = is_blocking_watched();
        assert_eq!(blocking_violations().get(), is_watched.then_some(1));
        let (counts, ()) = count_blocking(thread::yield_now);
        assert_eq!(counts.calls().get(), is_watched.then_some(1));
    }

    /// A forked child goes on in the region, and so does the watch.
    fn in_a_child() {
        let is_watched = is_blocking_watched();
        let region = COUNT.allow_calls(qadapt::Calls::PROCESS);
        let (counts, ()) = count_blocking(|| {
            region.run(|| {
                thread::yield_now();
                // SAFETY: the child calls nothing that another thread could have been at: there is none.
                let child = unsafe { libc::fork() };
                let before = violations();
                thread::yield_now();
                if child == 0 {
                    let seen = violations() - before;
                    let is_whole = blocking_violations().get().is_some() == is_watched;
                    // SAFETY: it ends the process.
                    unsafe { libc::_exit(if seen == u64::from(is_watched) && is_whole { 7 } else { 1 }) };
                }
                let mut status = 0;
                // SAFETY: there is room for the status.
                assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
                assert_eq!(libc::WEXITSTATUS(status), 7, "what a child calls in a region is seen");
            });
        });
        assert_eq!(violations(), if is_watched { 2 } else { 0 });
        // The fork and the wait are allowed, and counted all the same.
        assert_eq!(counts.calls().get(), is_watched.then_some(4));
    }

    /// A child is forked where a permit hides the region, which goes on in it.
    fn in_a_child_of_a_permit() {
        let is_watched = is_blocking_watched();
        let forks = || {
            // SAFETY: as above.
            let child = permit_alloc(|| unsafe { libc::fork() });
            let before = violations();
            thread::yield_now();
            if child == 0 {
                let is_seen = violations() - before == u64::from(is_watched);
                // SAFETY: it ends the process.
                unsafe { libc::_exit(if is_seen { 7 } else { 1 }) };
            }
            let mut status = 0;
            // SAFETY: there is room for the status.
            assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
            assert_eq!(libc::WEXITSTATUS(status), 7, "what a child calls after the permit is seen");
        };
        COUNT.run(forks);
        // A region and a permit without records.
        qadapt::set_mode(Mode::Count);
        qadapt::no_blocking(forks);
    }

    /// The kernel is asked where the signal is held back, outside of all regions.
    fn asked() {
        let is_watched = is_blocking_watched();
        let mut all = MaybeUninit::<libc::sigset_t>::zeroed();
        // SAFETY: there is room for a set.
        unsafe { libc::sigfillset(all.as_mut_ptr()) };
        let hold_back = || {
            // SAFETY: the set was filled.
            assert_eq!(unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), ptr::null_mut()) }, 0);
        };
        hold_back();
        assert_eq!(is_blocking_watched(), is_watched);
        hold_back();
        assert_eq!(blocking_violations().get(), qadapt::is_active().then_some(0));
    }

    /// A policy is lent to threads that cannot be watched: the lender's figures tell of that.
    fn lent() {
        let is_watched = is_blocking_watched();
        let there = |token: PolicyToken, before: fn(bool)| {
            let run = || {
                before(is_watched);
                token.run(thread::yield_now);
            };
            permit_alloc(|| thread::scope(|scope| scope.spawn(run).join().expect("no panic")));
        };
        let (counts, ()) = count_blocking(|| {
            there(Policy::current(), |is_watched| {
                COUNT.run(|| ());
                take(is_watched);
            });
        });
        assert_eq!(counts.calls().get(), None);
        COUNT.run(|| there(Policy::current(), |_| filter()));
        assert_eq!(blocking_violations().get(), None);
    }

    /// A handler's region is not watched, while its thread takes the violations: those that are left are known to be too few.
    fn interrupted() {
        static HANDLED: AtomicU64 = AtomicU64::new(0);
        extern "C" fn handler(_: i32) {
            COUNT.disallow(Ops::ALLOC).run(|| drop(black_box(Box::new(1_u8))));
            HANDLED.fetch_add(1, Ordering::Relaxed);
        }
        filter();
        handle(libc::SIGALRM, handler).expect("the handler is set");
        let every = |microseconds| {
            let time = libc::timeval { tv_sec: 0, tv_usec: microseconds };
            let timer = libc::itimerval { it_interval: time, it_value: time };
            // SAFETY: the times are readable, and old ones are not asked for.
            assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) }, 0);
        };
        every(50);
        // A panic would allocate, as the handler does.
        let mut is_known = false;
        while HANDLED.load(Ordering::Relaxed) < 4_000 {
            let _ = take_violations();
            is_known |= violations() > 0 && blocking_violations().get().is_some();
        }
        every(0);
        assert!(!is_known, "that the handler's region was not watched");
    }

    /// A filter does not let the guard ask what a descriptor stands for: then it may be what waits.
    fn refused() {
        let is_watched = is_blocking_watched();
        let mut file = File::open("/proc/self/exe").expect("the program lies there");
        refuse(libc::SYS_fstat, None);
        COUNT.run(|| file.read(&mut [0]).expect("it has a byte"));
        assert_eq!(violations(), u64::from(is_watched));
        // That which is none waits for nothing.
        COUNT.run(|| {
            // SAFETY: the kernel refuses the number.
            unsafe { libc::close(-1) };
        });
        COUNT.run(|| drop(file));
        assert_eq!(violations(), 2 * u64::from(is_watched));
    }

    /// The kernel reads the lower half of the number alone.
    fn numbered() {
        let is_watched = is_blocking_watched();
        let number = 0xDEAD_0000_0000 | u64::try_from(libc::SYS_sched_yield).expect("a small number");
        let call = || {
            // SAFETY: the call has no arguments, and writes no memory.
            unsafe { asm!("syscall", inout("rax") number => _, out("rcx") _, out("r11") _) };
        };
        COUNT.run(call);
        assert_eq!(violations(), u64::from(is_watched));
        let told = catch_unwind(|| Policy::no_blocking().mode(Mode::Panic).run(call));
        let text = told.err().and_then(|payload| payload.downcast::<String>().ok());
        assert!(!is_watched || text.is_some_and(|text| text.contains("sched_yield (yield)")));
    }

    /// No room is left for what is open.
    fn full() {
        let memory = Policy::new().budget(Budget::new().bytes(u64::MAX - 1));
        let mut open: Vec<_> = (0..1 << 16).map(|_| memory.enter()).collect();
        COUNT.run(thread::yield_now);
        let figures = (violations(), blocking_violations().get());
        // The newest one first, and before what may panic: that would drop the oldest one first.
        while let Some(guard) = open.pop() {
            drop(guard);
        }
        assert_eq!(figures, (0, None));
    }
}
