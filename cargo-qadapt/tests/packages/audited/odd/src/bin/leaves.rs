//! Ends at once and leaves a process behind: `daemon`, which waits for the end of its input, `deaf`, the same without an ear for
//! Ctrl-C, or `helper`, which is another program; with a third word it does not end.

use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("helper") => helper(),
        // SAFETY: the process has one thread.
        Some(kind) if unsafe { libc::fork() } == 0 => daemon(kind == "deaf"),
        _ => {}
    }
}

fn serve() {
    qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1_u64))));
}

fn daemon(is_deaf: bool) {
    // SAFETY: it makes a session.
    unsafe { libc::setsid() };
    if is_deaf {
        // SAFETY: nothing is called.
        unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
    }
    serve();
    println!("process {}", std::process::id());
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    serve();
    serve();
}

fn helper() {
    let mut command = Command::new("sleep");
    command.arg("60");
    if std::env::args().nth(2).is_some() {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    }
    // With a function it is forked, and has a trace until it is another program.
    let own = || {
        // SAFETY: it makes a session.
        unsafe { libc::setsid() };
        Ok(())
    };
    // SAFETY: the function does one system call.
    let child = unsafe { command.pre_exec(own) }.spawn().expect("there is `sleep`");
    serve();
    println!("process {}", child.id());
    while std::env::args().nth(3).is_some() {
        std::thread::park();
    }
}
