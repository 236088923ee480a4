//! First-use allocations of the standard library, made now.

use std::io::Write;
use std::sync::mpsc;
use std::time::Duration;

use super::permit::permit_alloc;

/// Does now what the standard library allocates on first use, so that protected code need not.
///
/// For the process: the buffer of standard output, and the handle of the calling thread. For the calling thread: the
/// handle with which a channel's receiver waits, and the registration of thread-local destructors. Call it once at the
/// start of `main` and at the start of each thread that runs protected code. It prints nothing, and waits for about a
/// millisecond.
///
/// Not covered, because they allocate on each use: a `panic!`, a present `env::var`, spawning a thread, sending on
/// an unbounded channel, and the first wait on each channel.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// qadapt::warm_up();
/// qadapt::assert_no_alloc(|| println!("printing does not allocate after warm_up"));
/// ```
pub fn warm_up() {
    /// A thread-local whose first use registers a destructor.
    struct Registered;
    impl Drop for Registered {
        fn drop(&mut self) {}
    }
    thread_local! {
        static REGISTERED: Registered = const { Registered };
    }

    permit_alloc(|| {
        // An unwritable standard output is no reason to fail: its buffer exists now.
        let _ = std::io::stdout().lock().flush();
        drop(std::thread::current());
        let _ = REGISTERED.try_with(|_| ());
        let (_sender, receiver) = mpsc::channel::<()>();
        // Nothing was sent: this times out. The deadline must lie ahead, or it would not even begin to wait.
        let _ = receiver.recv_timeout(Duration::from_millis(1));
    });
}
