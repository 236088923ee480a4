//! Panics of regions, caught and read.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use qadapt::permit_alloc;

/// What a panic said, and the line that it named.
#[derive(Debug)]
pub(crate) struct Caught {
    pub(crate) message: String,
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// Runs something that may panic; the panic is kept instead of printed.
pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> Result<R, Caught> {
    static HOOK: Once = Once::new();
    thread_local! {
        static CATCHING: Cell<bool> = const { Cell::new(false) };
        static PLACE: Cell<Option<(String, u32)>> = const { Cell::new(None) };
    }
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !CATCHING.get() {
                return before(panic);
            }
            PLACE.set(panic.location().map(|place| (place.file().to_owned(), place.line())));
        }));
    });
    let outer = CATCHING.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    CATCHING.set(outer);
    let place = PLACE.take();
    // What is done with the panic is no part of what the regions around it are tested for.
    permit_alloc(|| {
        result.map_err(|payload| {
            let message = payload
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
                .unwrap_or_default();
            let (file, line) = place.unwrap_or_default();
            Caught { message, file, line }
        })
    })
}

impl Caught {
    /// Allocations that the report names, by their sizes, in order.
    pub(crate) fn sizes(&self) -> Vec<usize> {
        self.message
            .lines()
            .filter_map(|line| line.strip_prefix("qadapt: "))
            .map(|line| {
                // `.. of SIZE bytes ..` or `.. from SIZE to SIZE bytes ..`
                let (before, _) = line.split_once(" byte").expect("a size");
                before.rsplit(' ').next().and_then(|size| size.parse().ok()).expect("a size")
            })
            .collect()
    }
}

/// The violations' sizes in the panic that the body must end in.
#[track_caller]
pub(crate) fn reported<R>(body: impl FnOnce() -> R) -> Vec<usize> {
    match caught(body) {
        Ok(_) => panic!("no panic"),
        Err(caught) => caught.sizes(),
    }
}
