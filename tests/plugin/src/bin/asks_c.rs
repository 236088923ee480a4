//! A program with QADAPT, without `qadapt-malloc`, that asks C for memory: `tests/preload.rs` runs it.
#![expect(unsafe_code, reason = "calls C")]

use std::env;
use std::hint::black_box;
use std::io;

use qadapt::{Counts, Mode, Policy, QADAPT};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    if env::args().nth(1).as_deref() == Some("panic") {
        let _ = copied();
        qadapt::assert_no_alloc(|| drop(black_box(copied())));
        return;
    }
    println!("active: {} {}", qadapt::is_active(), qadapt::c_is_active());
    say("strdup", || drop(copied()));
    say("calloc and realloc", || {
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::calloc(3, 7) };
        // SAFETY: it is a block of C's, or null.
        let block = unsafe { libc::realloc(black_box(block), 1000) };
        // SAFETY: what was just made.
        unsafe { libc::free(black_box(block)) };
    });
    say("a box", || drop(black_box(Box::new(5))));
    say("aligned", || {
        let mut block = std::ptr::null_mut();
        // SAFETY: there is room for the address.
        assert_eq!(unsafe { libc::posix_memalign(&raw mut block, 64, 10) }, 0);
        // SAFETY: what was just made.
        unsafe { libc::free(black_box(block)) };
    });
    // What C is refused it knows by a null and an error.
    let (block, error) = Policy::new().mode(Mode::Fail).run(|| {
        // SAFETY: any size may be asked for.
        let block = unsafe { libc::malloc(1) };
        (black_box(block).is_null(), io::Error::last_os_error().raw_os_error())
    });
    println!("refused: {block} {}", block && error == Some(libc::ENOMEM));
    let child = std::thread::spawn(|| {
        say("another thread", || drop(copied()));
    });
    child.join().expect("no panic");
}

/// A block of C's, which is given back.
struct Block(*mut libc::c_char);

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it is `copied`'s.
        unsafe { libc::free(self.0.cast()) };
    }
}

fn copied() -> Block {
    // SAFETY: a string of C's.
    let block = unsafe { libc::strdup(black_box(c"in C").as_ptr()) };
    // A block that nobody looks at is never made where the compiler knows C's functions.
    Block(black_box(block))
}

fn say(what: &str, body: impl FnOnce()) {
    let (counts, ()): (Counts, ()) = qadapt::count_alloc(body);
    println!("{what}: {} {} {}", counts.allocs(), counts.reallocs(), counts.deallocs());
}
