//! Four ways to call an async method through `dyn`, or to do without `dyn`, and what each call allocates.
//!
//! `cargo run -p qadapt-examples --example dyn_async` counts in a debug build; a release build needs
//! `QADAPT_ENFORCE=1`. Each way looks up the same keys in the same table, through a pause, as a remote store would.

use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};

use qadapt::{Counts, count_alloc};
use qadapt_examples::cli::HOW_TO_MEASURE;
use qadapt_examples::poll::{Pause, finish};
use stackfuture::StackFuture;
use tokio_util::sync::ReusableBoxFuture;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// Calls after the first one.
const CALLS: u64 = 1000;

/// What the ways have in common: the futures of all of them do this.
async fn look_up(table: &[u64], key: u64) -> u64 {
    Pause::default().await;
    let index = usize::try_from(key).unwrap_or(usize::MAX) % table.len();
    black_box(table[index])
}

struct Table([u64; 16]);

/// A method that boxes each of its futures: what `#[async_trait]` makes.
trait Boxed {
    fn fetch(&self, key: u64) -> Pin<Box<dyn Future<Output = u64> + Send + '_>>;
}

impl Boxed for Table {
    fn fetch(&self, key: u64) -> Pin<Box<dyn Future<Output = u64> + Send + '_>> {
        Box::pin(look_up(&self.0, key))
    }
}

/// A method that puts its future into the caller's box, which grows if it must and is kept for the next call.
trait Reusing {
    fn fetch<'a>(&'a self, key: u64, slot: &mut Option<ReusableBoxFuture<'a, u64>>);
}

impl Reusing for Table {
    fn fetch<'a>(&'a self, key: u64, slot: &mut Option<ReusableBoxFuture<'a, u64>>) {
        let future = look_up(&self.0, key);
        match slot {
            Some(slot) => slot.set(future),
            None => *slot = Some(ReusableBoxFuture::new(future)),
        }
    }
}

/// A method whose future lies in a slot of fixed size, returned by value. One that does not fit is a compile error.
trait Inline {
    fn fetch(&self, key: u64) -> StackFuture<'_, u64, 128>;
}

impl Inline for Table {
    fn fetch(&self, key: u64) -> StackFuture<'_, u64, 128> {
        StackFuture::from(look_up(&self.0, key))
    }
}

/// A closed set of stores: each future has a type of its own, and no call goes through `dyn`.
enum Store {
    Table(Table),
    Constant(u64),
}

impl Store {
    async fn fetch(&self, key: u64) -> u64 {
        match self {
            Self::Table(table) => look_up(&table.0, key).await,
            Self::Constant(value) => *value,
        }
    }
}

fn main() {
    let table = Table(std::array::from_fn(|index| 3 * index as u64));
    let (boxed, reusing, inline): (&dyn Boxed, &dyn Reusing, &dyn Inline) =
        black_box((&table, &table, &table));
    let store = black_box([Store::Table(Table(table.0)), Store::Constant(0)]);
    let mut slot = None;

    println!("{:<44} {:>10} {:>16}", "allocations", "first call", "each later call");
    row("boxed per call", |key| finish(boxed.fetch(key).as_mut()));
    row("one box, reused (ReusableBoxFuture)", |key| {
        reusing.fetch(key, &mut slot);
        let slot = slot.as_mut().expect("the call filled it");
        finish(pin!(slot))
    });
    row("inline slot (StackFuture)", |key| finish(pin!(inline.fetch(key))));
    row("enum, without dyn", |key| finish(pin!(store[0].fetch(key))));
    assert_eq!(finish(pin!(store[1].fetch(5))), 0);
    if !qadapt::is_active() {
        println!("{HOW_TO_MEASURE}");
    }
}

/// Calls a way once and then many times, and prints what the calls allocated.
fn row(way: &str, mut call: impl FnMut(u64) -> u64) {
    let (first, _) = count_alloc(|| call(0));
    let (later, sum) = count_alloc(|| (1..=CALLS).map(&mut call).sum::<u64>());
    assert_eq!(sum, (1..=CALLS).map(|key| 3 * (key % 16)).sum::<u64>(), "{way}");
    println!("{way:<44} {:>10} {:>16}", first.allocs(), per_call(&later));
}

/// How many allocations each of the calls took; more than a whole number would say so.
fn per_call(counts: &Counts) -> String {
    match counts.allocs().get() {
        Some(allocs) if allocs % CALLS == 0 => (allocs / CALLS).to_string(),
        Some(allocs) => format!("{allocs} in {CALLS}"),
        None => counts.allocs().to_string(),
    }
}
