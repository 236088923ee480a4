//! Protected regions of all kinds.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use qadapt::{GuardExt as _, Policy, allocate_panic, assert_no_alloc};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

#[inline(never)]
fn filled(n: usize) -> usize {
    black_box(vec![n; 5]).len()
}

#[inline(never)]
fn unchanged(n: usize) -> usize {
    black_box(n)
}

#[allocate_panic]
fn annotated(x: &[u32]) -> u32 {
    x.iter().sum()
}

struct Filter(f32);

impl Filter {
    #[allocate_panic(prove)]
    fn process(&mut self, x: &mut [f32]) {
        for v in x {
            self.0 = self.0 * 0.5 + *v;
            *v = self.0;
        }
    }
}

trait Stage {
    fn settle(&mut self) -> usize;
    fn reset(&mut self);
}

impl Stage for Filter {
    #[allocate_panic]
    fn settle(&mut self) -> usize {
        filled(self.0 as usize)
    }

    /// Nobody calls it.
    #[allocate_panic]
    fn reset(&mut self) {
        self.0 = 0.0;
    }
}

struct Of<T>(T);

impl<T: Copy + Into<usize>> Of<T> {
    #[allocate_panic]
    fn apply(&self) -> usize {
        unchanged(self.0.into())
    }
}

#[allocate_panic]
fn generic<T: ToString>(t: T) -> usize {
    black_box(t.to_string()).len()
}

/// Two instances have the same name in debug information, as both arguments are functions.
#[allocate_panic]
fn applied<F: Fn(usize) -> usize>(f: F, n: usize) -> usize {
    f(n) * 7
}

/// The same code as the next one, which must be proven.
#[allocate_panic]
fn left(f: fn(usize) -> usize, n: usize) -> usize {
    f(n) + 9
}

#[allocate_panic(prove)]
fn right(f: fn(usize) -> usize, n: usize) -> usize {
    f(n) + 9
}

#[expect(dead_code, reason = "a region that no code is left of")]
#[allocate_panic]
fn unused(n: usize) -> usize {
    filled(n)
}

#[inline(never)]
fn two_calls(n: usize) -> usize {
    qadapt::enter_protected();
    let length = filled(n);
    qadapt::exit_protected();
    length
}

#[inline(never)]
fn until_dropped(n: usize) -> usize {
    let _region = Policy::new().name("until the end").enter();
    filled(n) + 1
}

/// Regions of calls that no code is left of.
#[expect(dead_code, reason = "a closure and a guard that nobody enters")]
fn never(n: usize) -> usize {
    let _region = Policy::new().enter();
    Policy::new().run(|| n) + assert_no_alloc(|| n)
}

#[inline(never)]
fn under_a_policy(n: usize) -> usize {
    Policy::new().name("some policy").run(|| unchanged(n) + 3)
}

#[allocate_panic]
async fn awaited(n: usize) -> usize {
    std::future::ready(unchanged(n)).await * 5
}

fn poll<F: Future>(future: Pin<&mut F>) -> F::Output {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("the futures here are ready at once"),
    }
}

fn main() {
    let n = black_box(std::env::args().count());
    let data = [n as u32; 16];
    println!("{}", annotated(&data));
    println!("{}", assert_no_alloc(|| black_box(vec![n; n]).len()));
    println!("{}", generic(n) + generic('c'));
    println!("{}", applied(unchanged, n) + applied(filled, n));
    println!("{}", left(black_box(unchanged), n) + right(black_box(unchanged), n));
    println!("{}", two_calls(n) + until_dropped(n) + under_a_policy(n));
    Filter(1.0).process(&mut [n as f32; 8]);
    println!("{}", Filter(n as f32).settle() + Of(n as u8).apply());
    println!("{:?}", poll(pin!(async { black_box(Box::new(n)).wrapping_add(1) }.no_alloc())));
    println!("{:?}", poll(pin!(awaited(n))));
}
