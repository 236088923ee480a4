//! Three lines of Rust: which of them allocate? This program does not know better, it counts.
//!
//! The answer depends on the build. Where a value is dropped at once, the optimiser may see that nobody needs the
//! memory and leave the allocation out; where the value is kept, it must not. So each line is asked twice, in
//! `src/trivia.rs`.
//! `cargo run -p qadapt-examples --example trivia` answers for a debug build,
//! `QADAPT_ENFORCE=1 cargo run --release -p qadapt-examples --example trivia` for a release build, and
//! `cargo qadapt audit -p qadapt-examples --example trivia --whole-program` compares the two.

use qadapt::Counts;
use qadapt_examples::cli::HOW_TO_MEASURE;
use qadapt_examples::trivia::{Question, questions};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    let questions = questions();
    let measured = questions.iter().all(|question| question.kept.is_measured());
    let profile = if cfg!(debug_assertions) { "debug" } else { "release" };
    println!("build: {profile}, {}", if measured { "measured" } else { HOW_TO_MEASURE });
    println!();
    println!("{:<32} {:<16} {:<16}", "does it allocate?", "dropped at once", "kept");
    for Question { code, dropped, kept } in &questions {
        println!("{code:<32} {:<16} {:<16}", answer(dropped), answer(kept));
    }
}

fn answer(counts: &Counts) -> String {
    match counts.allocs().get() {
        None => "unmeasured".to_owned(),
        Some(0) => "no".to_owned(),
        Some(_) => format!("yes, {} bytes", counts.bytes()),
    }
}
