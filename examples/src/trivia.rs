//! Three lines of Rust of which one may ask whether they allocate.
//!
//! They are asked here and not in the program, because a crate that installs an allocator of its own has its methods
//! inlined, and then the optimiser no longer knows that it may leave an allocation out. Most code lies in libraries.

use std::hint::black_box;

use qadapt::{Counts, count_alloc};

/// A line, and what it asked of the allocator.
#[derive(Clone, Debug)]
pub struct Question {
    /// The line.
    pub code: &'static str,
    /// The value lives and dies where it is counted; only a number that was read from it gets out.
    pub dropped: Counts,
    /// The value itself gets out.
    pub kept: Counts,
}

/// Asks each line twice: once where the optimiser may see that nobody needs the memory, once where somebody does.
#[must_use]
pub fn questions() -> [Question; 3] {
    [
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
    ]
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
