//! What to do about a path to the allocator: the catalogue of advice, applied to a path instead of a call stack.

use qadapt_advice::{Event, Frame as Named, Op, advise};
use qadapt_code::advice::Advice;
use qadapt_code::origin::is_guards;

use super::hop::Hop;
use super::names::Frame;
use super::role::Sink;

/// The advice for a path, whose last call is the one of the allocator.
pub(crate) fn of(kind: Sink, hops: &[Hop]) -> Option<Advice> {
    // The allocator's own frames, and the guard's above it, are no call that anybody wrote.
    let inwards = hops.iter().rev().flat_map(|hop| &hop.frames);
    let of_allocator =
        |frame: &&Frame| is_guards(frame.at.as_ref().map_or("", |at| at.file.as_str()), &frame.function);
    let frames: Vec<Named<'_>> = inwards.skip_while(of_allocator).map(named).collect();
    let calls = hops.last()?.calls.as_str();
    // No run, no sizes: a reallocation may be either, and growth is the common case.
    let events: &[(Op, usize, usize)] = match kind {
        Sink::Wait => &[(Op::SystemCall, 0, 0)],
        Sink::Free => &[(Op::Dealloc, 1, 0)],
        Sink::Alloc if calls.contains("realloc") => &[(Op::Realloc, 2, 1), (Op::Realloc, 1, 2)],
        Sink::Alloc if calls.contains("zeroed") || calls.contains("calloc") => &[(Op::AllocZeroed, 1, 0)],
        Sink::Alloc => &[(Op::Alloc, 1, 0)],
    };
    let found = events
        .iter()
        .find_map(|&(op, size, old_size)| advise(&Event { op, size, old_size, frames: &frames }))?;
    Some(Advice::of(found.rule()))
}

/// What can be done about any path, where no habit is known.
pub(crate) const fn otherwise(kind: &str) -> &'static str {
    match kind.as_bytes() {
        b"waits" => {
            "make this call before the region or after it, on a thread that may wait, or hand the work over without a lock"
        }
        b"frees" => "keep it alive until the region has ended, or pass --allow-frees if regions may free",
        _ => "allocate before the region and hand the memory in, or move this call out of it",
    }
}

fn named(frame: &Frame) -> Named<'_> {
    let file = frame.at.as_ref().map_or("", |at| at.file.as_str());
    if frame.is_own() { Named::own(&frame.function, file) } else { Named::foreign(&frame.function, file) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use qadapt_code::origin::Origin;

    fn hop(calls: &str, frames: &[(&str, &str, bool)]) -> Hop {
        let frames = frames
            .iter()
            .map(|&(function, file, own)| {
                let at = Place { file: file.into(), line: 3, column: 1 };
                let origin = if own { Origin::Own } else { Origin::Internal };
                Frame { function: function.into(), at: Some(at), origin }
            })
            .collect();
        Hop { frames, calls: calls.into() }
    }

    #[test]
    fn the_call_that_the_user_wrote_decides() {
        let grow = "alloc::raw_vec::RawVec<T,A>::grow_one";
        let hops = |sink: &str| {
            [
                hop(
                    grow,
                    &[
                        ("push<u64>", "/rustc/0/library/alloc/src/vec/mod.rs", false),
                        ("app::step", "src/main.rs", true),
                    ],
                ),
                hop(sink, &[(grow, "/rustc/0/library/alloc/src/raw_vec/mod.rs", false)]),
            ]
        };
        let id = |sink: &str| of(Sink::Alloc, &hops(sink)).map(|advice| advice.id);
        assert_eq!(id("__rustc::__rust_realloc"), Some("vec-growth"));
        assert_eq!(id("__rustc::__rust_alloc"), Some("vec-first-push"));
        let own = [hop("malloc", &[("app::step", "src/main.rs", true)])];
        assert_eq!(of(Sink::Alloc, &own), None);
    }
}
