//! Many threads enter regions that must not wait, while signals interrupt them, processes are forked, threads end and panics unwind:
//! each call is counted once, and nothing else is. `STRESS_SECONDS` asks for another time.
// expect: exit 0
// expect: stdout 0 wrong
// expect: never panicked
// expect: off stdout 0 wrong

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("0 wrong: nothing is watched here");
}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::cell::Cell;
    use std::mem::MaybeUninit;
    use std::panic::{self, catch_unwind};
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
    use std::thread;
    use std::time::{Duration, Instant};
    use std::{env, ptr};

    use qadapt::{Calls, Mode, Policy, QADAPT, is_blocking_watched, no_blocking, violations};

    #[global_allocator]
    static ALLOC: QADAPT = QADAPT;

    const THREADS: u64 = 16;
    const COUNT: Policy = Policy::no_blocking().mode(Mode::Count).name("stress");
    const ALLOWING: Policy = COUNT.allow_calls(Calls::ALL);

    static WRONG: AtomicU64 = AtomicU64::new(0);
    static ENTRIES: AtomicU64 = AtomicU64::new(0);
    static CALLS: AtomicU64 = AtomicU64::new(0);
    static SIGNALS: AtomicU64 = AtomicU64::new(0);
    static FORKS: AtomicU64 = AtomicU64::new(0);
    static OVER: AtomicBool = AtomicBool::new(false);

    thread_local! {
        /// Calls that this thread's handler has made in regions.
        static HANDLED: Cell<u64> = const { Cell::new(0) };
    }

    #[expect(unsafe_code, reason = "std may not call the kernel")]
    fn call() {
        // SAFETY: it has no arguments.
        unsafe { libc::sched_yield() };
    }

    extern "C" fn handler(_: i32) {
        // What happens while a thread panics is no violation.
        if thread::panicking() {
            return;
        }
        COUNT.run(call);
        HANDLED.set(HANDLED.get() + 1);
    }

    /// Has the signal handled, and every other one held back meanwhile, as many programs do.
    #[expect(unsafe_code, reason = "std has no signals")]
    fn handle_signals() {
        let mut action = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: all-zero bytes are a valid `sigaction`.
        let action = unsafe { action.assume_init_mut() };
        action.sa_sigaction = handler as extern "C" fn(i32) as usize;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the set is this action's own.
        unsafe { libc::sigfillset(&raw mut action.sa_mask) };
        // SAFETY: it is a filled-in action, and the old one is not asked for.
        let set = unsafe { libc::sigaction(libc::SIGUSR1, action, ptr::null_mut()) };
        assert_eq!(set, 0);
    }

    /// What this thread has counted, and how much of that is its handler's.
    fn figures() -> (u64, u64) {
        loop {
            let (handled, seen) = (HANDLED.get(), violations());
            // No handler came between the two.
            if handled == HANDLED.get() {
                return (seen, handled);
            }
        }
    }

    /// The calls that a body makes in regions of this thread are so many, besides those of the handler.
    fn expect(calls: u64, body: impl FnOnce()) {
        let before = figures();
        body();
        let after = figures();
        let (seen, handled) = (after.0 - before.0, after.1 - before.1);
        if seen != calls + handled {
            WRONG.fetch_add(1, Ordering::Relaxed);
            eprintln!("{seen} calls are counted where the body made {calls} and the handler {handled}");
        }
    }

    fn round(number: u64) -> u64 {
        let mut calls = 0;
        for _ in 0..8 {
            no_blocking(|| ());
            COUNT.run(|| ());
        }
        match number % 8 {
            0 => {
                COUNT.run(call);
                calls += 1;
            }
            1 => {
                no_blocking(|| COUNT.run(|| no_blocking(call)));
                calls += 1;
            }
            2 => {
                let guard = COUNT.enter();
                call();
                qadapt::permit_alloc(call);
                guard.exit();
                calls += 1;
            }
            3 if number % 64 == 3 => {
                let unwound = catch_unwind(|| COUNT.run(|| -> () { panic::resume_unwind(Box::new(5)) }));
                assert!(unwound.is_err());
            }
            4 => {
                let text = COUNT.run(|| std::fs::read("/proc/self/nothing"));
                assert!(text.is_err());
                calls += 1;
            }
            5 if number % 256 == 5 => ALLOWING.run(fork),
            _ => ALLOWING.run(call),
        }
        calls
    }

    #[expect(unsafe_code, reason = "std cannot fork")]
    fn fork() {
        // SAFETY: the child calls nothing but the kernel.
        let child = unsafe { libc::fork() };
        if child == 0 {
            call();
            // SAFETY: it ends the child.
            unsafe { libc::_exit(3) };
        }
        let mut status = 0;
        // SAFETY: there is room for the status. A signal ends the wait.
        while unsafe { libc::waitpid(child, &raw mut status, 0) } < 0 {}
        if libc::WEXITSTATUS(status) != 3 {
            WRONG.fetch_add(1, Ordering::Relaxed);
        }
        FORKS.fetch_add(1, Ordering::Relaxed);
    }

    /// Some rounds, on a thread that ends then.
    fn work(seed: u64) {
        let mut calls = 0;
        let rounds = 2_000;
        let handled = HANDLED.get();
        for number in 0..rounds {
            expect_round(seed + number, &mut calls);
        }
        ENTRIES.fetch_add(rounds * 17, Ordering::Relaxed);
        CALLS.fetch_add(calls, Ordering::Relaxed);
        SIGNALS.fetch_add(HANDLED.get() - handled, Ordering::Relaxed);
    }

    fn expect_round(number: u64, calls: &mut u64) {
        let expected = u64::from(number % 8 < 3 || number % 8 == 4);
        let mut made = 0;
        expect(expected, || made = round(number));
        if made != expected {
            WRONG.fetch_add(1, Ordering::Relaxed);
        }
        *calls += made;
    }

    #[expect(unsafe_code, reason = "std cannot send signals")]
    fn send_signals(threads: &[libc::pthread_t]) {
        while !OVER.load(Ordering::Relaxed) {
            for &thread in threads {
                // SAFETY: these threads end after this function has returned.
                unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
            }
            thread::sleep(Duration::from_millis(3));
        }
    }

    #[expect(unsafe_code, reason = "std does not know a thread's own name for C")]
    fn this_thread() -> libc::pthread_t {
        // SAFETY: it cannot fail.
        unsafe { libc::pthread_self() }
    }

    pub(super) fn main() {
        let seconds = env::var("STRESS_SECONDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        qadapt::set_mode(Mode::Count);
        handle_signals();
        let is_watched = is_blocking_watched();
        assert!(is_watched || !qadapt::is_active() || !cfg!(target_arch = "x86_64"));
        if !is_watched {
            println!("0 wrong: nothing is watched here");
            return;
        }
        let end = Instant::now() + Duration::from_secs(seconds);
        thread::scope(|scope| {
            let (tell, told) = std::sync::mpsc::channel();
            let workers: Vec<_> = (0..THREADS)
                .map(|number| {
                    let tell = tell.clone();
                    scope.spawn(move || {
                        tell.send(this_thread()).expect("somebody listens");
                        let mut seed = number;
                        while Instant::now() < end {
                            work(seed);
                            // A thread that has nothing to do with signals, and is watched as long as it lives.
                            thread::spawn(move || work(seed)).join().expect("no panic");
                            seed += THREADS;
                        }
                    })
                })
                .collect();
            let threads: Vec<_> = told.iter().take(workers.len()).collect();
            let sender = scope.spawn(move || send_signals(&threads));
            while Instant::now() < end {
                thread::sleep(Duration::from_millis(100));
            }
            OVER.store(true, Ordering::Relaxed);
            sender.join().expect("no panic");
            for worker in workers {
                worker.join().expect("no panic");
            }
        });
        let figure = |figure: &AtomicU64| figure.load(Ordering::Relaxed);
        println!(
            "{} regions, {} calls, {} signals, {} forks, {} wrong",
            figure(&ENTRIES),
            figure(&CALLS),
            figure(&SIGNALS),
            figure(&FORKS),
            figure(&WRONG)
        );
    }
}
