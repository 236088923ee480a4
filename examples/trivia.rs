//! Three lines of Rust: which of them allocate? This program does not know better, it counts.
//!
//! The answer depends on the build. Where a value is dropped at once, the optimiser may see that nobody needs the
//! memory and leave the allocation out; where the value is kept, it must not. So each line is asked twice.
//! `cargo run -p qadapt-examples --example trivia` answers for a debug build,
//! `QADAPT_ENFORCE=1 cargo run --release -p qadapt-examples --example trivia` for a release build.

use std::hint::black_box;

use qadapt::{Counts, count_alloc};
use qadapt_examples::cli::HOW_TO_MEASURE;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// One line of the table.
struct Question {
    code: &'static str,
    /// The value lives and dies where it is counted; only a number that was read from it gets out.
    dropped: Counts,
    /// The value itself gets out.
    kept: Counts,
}

fn main() {
    let questions = [
        Question { code: "Vec::<i32>::new()", dropped: counts(|| new().len()), kept: counts(new) },
        Question {
            code: "Box::new(Vec::<i32>::new())",
            dropped: counts(|| boxed().len()),
            kept: counts(boxed),
        },
        Question {
            code: "Vec::<i32>::new(), then push(0)",
            dropped: counts(|| pushed().iter().sum::<i32>()),
            kept: counts(pushed),
        },
    ];
    let measured = questions.iter().all(|question| question.kept.is_measured());
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("build: {profile}, {}", if measured { "measured" } else { HOW_TO_MEASURE });
    println!();
    println!("{:<32} {:<16} {:<16}", "does it allocate?", "dropped at once", "kept");
    for Question { code, dropped, kept } in &questions {
        println!("{code:<32} {:<16} {:<16}", answer(dropped), answer(kept));
    }
}

fn new() -> Vec<i32> {
    Vec::new()
}

#[expect(clippy::box_collection, reason = "the question is about it")]
fn boxed() -> Box<Vec<i32>> {
    Box::new(Vec::new())
}

#[expect(clippy::vec_init_then_push, reason = "the question is about it")]
fn pushed() -> Vec<i32> {
    let mut vec = Vec::new();
    vec.push(0);
    vec
}

/// What making a value asks of the allocator. The result is used, or the optimiser would leave out the question.
fn counts<T>(make: impl FnOnce() -> T) -> Counts {
    let (counts, value) = count_alloc(make);
    black_box(value);
    counts
}

fn answer(counts: &Counts) -> String {
    match counts.allocs().get() {
        None => "unmeasured".to_owned(),
        Some(0) => "no".to_owned(),
        Some(_) => format!("yes, {} bytes", counts.bytes_allocated()),
    }
}
