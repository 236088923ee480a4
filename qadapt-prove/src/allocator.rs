//! Whether inlined copies of the global allocator can be told from other code.
//!
//! The compiler may inline `__rust_alloc` and the allocator's methods into their callers. A copy is still found if
//! every path through it ends in an entry that is found by name: the malloc family, or the guard's own functions.
//! So the out-of-line originals are asked. An arena that hands out memory without calling anybody fails this.
//!
//! Link-time optimisation may leave no original, but for methods of `GlobalAlloc`, which may be those of any allocator that
//! the program has. Then calls are asked: debug information says of which inlined functions they are a part. A method that
//! `__rust_alloc` or its kin calls, by itself or through the guard alone, is the global allocator's; so `malloc` is in a
//! method of `System`'s.

use qadapt_trace::is_allocator_entry;

use super::assume::Nothing;
use super::body::Callee;
use super::decode::Steps;
use super::fixups::Slot;
use super::graph::Graph;
use super::known;
use super::load::Image;
use super::machine::Machine;
use super::names::{Frame, Names};
use super::program::Program;
use super::role::{Kind, Role};
use super::start::Start;
use super::step::Flow;
use super::thunk::{Thunk, thunk};

/// Why inlined copies cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsure<'a> {
    /// The entry of this symbol has a path that does not call another entry.
    Path(&'a str),
    /// There is no entry to be asked.
    NoEntry,
}

/// Why inlined copies of the allocator cannot be told, unless they can.
pub(crate) fn unsure<'a>(program: &Program<'a>, names: &Names<'a>, allow_frees: bool) -> Option<Unsure<'a>> {
    let image = program.image();
    let mut entries = Vec::new();
    for function in image.functions() {
        if let Some(symbol) = function.names.iter().find(|n| known::is_inlinable_entry(n))
            && let Role::Sink(kind) = program.role(Callee::Local(function.addr))
            && !(kind == Kind::Free && allow_frees)
        {
            entries.push((function.addr, *symbol, kind));
        }
    }
    let starts: Vec<Start> = entries.iter().map(|&(addr, ..)| Start::function(addr)).collect();
    let graph = Graph::build(program, &starts, &Nothing);
    let odd = (0u32..).zip(&entries).find(|&(i, &(.., kind))| !graph.always(i, kind));
    if let Some((_, &(_, symbol, _))) = odd {
        return Some(Unsure::Path(symbol));
    }
    if !image.may_have_rust_alloc() {
        return (!has_malloc(program) && !is_system(program, names)).then_some(Unsure::NoEntry);
    }
    let mut needed = vec!["alloc", "realloc"];
    needed.extend((!allow_frees).then_some("dealloc"));
    needed.retain(|method| !entries.iter().any(|&(_, symbol, _)| known::is_entry_of(symbol, method)));
    if needed.is_empty() || is_system(program, names) {
        return None;
    }
    // Which of them an entry calls that was inlined.
    let methods: Vec<(u64, &str)> = entries
        .iter()
        .filter_map(|&(addr, symbol, _)| {
            Some((addr, *needed.iter().find(|method| known::is_method(symbol, method))?))
        })
        .collect();
    let is_method = |callee| methods.iter().any(|&(addr, _)| callee == Callee::Local(addr));
    for (site, target) in calls(program, &is_method).take(LOOKED_AT) {
        if let (Some(addr), Some(called)) = (target, entry_of(&names.frames(site))) {
            needed.retain(|&method| called != method || !methods.contains(&(addr, method)));
        }
        if needed.is_empty() {
            return None;
        }
    }
    Some(Unsure::NoEntry)
}

/// The method that an entry stands for which is at the outer end of these frames, if it has called what is there by itself or
/// through the guard alone.
fn entry_of(frames: &[Frame]) -> Option<String> {
    for frame in frames {
        let name = frame.function.rsplit("::").next().unwrap_or("");
        if is_allocator_entry(name) {
            return known::entry_method(name).map(str::to_owned);
        }
        if !is_guards(&file_of(frame)) {
            return None;
        }
    }
    None
}

/// Whether a program without Rust's global allocator has the malloc family, or leaves it to another object.
fn has_malloc(program: &Program<'_>) -> bool {
    let image = program.image();
    image.is_dynamic()
        || image
            .functions()
            .iter()
            .any(|f| matches!(program.role(Callee::Local(f.addr)), Role::Sink(Kind::Alloc)))
}

/// Calls whose frames are asked. Hardly any is inlined otherwise than the others.
const LOOKED_AT: usize = 4096;

/// Whether a call of the malloc family shows that the global allocator is the system's.
fn is_system(program: &Program<'_>, names: &Names<'_>) -> bool {
    let is_malloc = |callee| matches!(program.role(callee), Role::Sink(Kind::Alloc));
    calls(program, &is_malloc).take(LOOKED_AT).any(|(site, _)| shows_system(&names.frames(site)))
}

/// The direct calls of some functions, and which function of the file it is, if it is one. It looks at every byte: what looks
/// like a call and is none has no frames that show anything.
fn calls<'p>(
    program: &'p Program<'_>,
    is_it: &'p dyn Fn(Callee) -> bool,
) -> impl Iterator<Item = (u64, Option<u64>)> + 'p {
    let image = program.image();
    let slot =
        move |addr: u64| matches!(image.constant(addr), Some(Slot::Import(i)) if is_it(Callee::Import(i)));
    let own = move |target: u64| image.function_at(target).is_some() && is_it(Callee::Local(target));
    let is_x86 = image.machine() == Machine::X86_64;
    let words = image.code_segments().filter(move |_| !is_x86).flat_map(move |(start, code)| {
        (0u64..).zip(code.chunks_exact(4)).filter_map(move |(number, word)| {
            let site = start.wrapping_add(4 * number);
            // `bl` and `b`; segments begin at whole words.
            if word[3] & 0x7c != 0x14 {
                return None;
            }
            let (Flow::Call(target) | Flow::Jump(target)) =
                Steps::new(image.code(site, site.saturating_add(4)), site).flow_at(site).flow
            else {
                return None;
            };
            let is_stub = || matches!(thunk(image, target), Some(Thunk::Memory(mem)) if slot(mem.disp));
            if own(target) { Some((site, Some(target))) } else { is_stub().then_some((site, None)) }
        })
    });
    let bytes = image.code_segments().filter(move |_| is_x86).flat_map(move |(start, code)| {
        (0u64..).zip(code.windows(6)).filter_map(move |(offset, window)| {
            let site = start.wrapping_add(offset);
            let beyond = |length: u64, distance: [u8; 4]| {
                site.wrapping_add(length).wrapping_add_signed(i64::from(i32::from_le_bytes(distance)))
            };
            match *window {
                [0xff, 0x15 | 0x25, a, b, c, d] => slot(beyond(6, [a, b, c, d])).then_some((site, None)),
                [0xe8 | 0xe9, a, b, c, d, _] => {
                    let target = beyond(5, [a, b, c, d]);
                    let is_stub = || stub(image, target).is_some_and(slot);
                    if own(target) { Some((site, Some(target))) } else { is_stub().then_some((site, None)) }
                }
                _ => None,
            }
        })
    });
    words.chain(bytes)
}

/// The slot through which a stub of the procedure linkage table jumps.
fn stub(image: &Image<'_>, addr: u64) -> Option<u64> {
    let code = image.code(addr, addr.checked_add(16)?).bytes;
    let (skipped, code) = match code.strip_prefix(&[0xf3, 0x0f, 0x1e, 0xfa]) {
        Some(code) => (4, code),
        None => (0, code),
    };
    let distance = i32::from_le_bytes(code.strip_prefix(&[0xff, 0x25])?.get(..4)?.try_into().ok()?);
    Some(addr.wrapping_add(skipped + 6).wrapping_add_signed(i64::from(distance)))
}

/// Whether these frames, innermost first, are a method of `System` that `__rust_alloc` or its kin calls, through the guard
/// at most.
fn shows_system(frames: &[Frame]) -> bool {
    let of_system = frames.iter().take_while(|frame| file_of(frame).contains("/library/std/src/sys/alloc/"));
    let of_system = of_system.count();
    of_system > 0 && frames.get(of_system..).is_some_and(|outer| entry_of(outer).is_some())
}

fn file_of(frame: &Frame) -> String {
    frame.at.as_ref().map_or(String::new(), |at| at.file.clone())
}

/// Whether a source file is the one that has the guard's methods.
fn is_guards(file: &str) -> bool {
    file.contains("qadapt") && file.ends_with("/src/hot/allocator.rs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use qadapt_code::origin::Origin;

    fn chain(frames: &[(&str, &str)]) -> Vec<Frame> {
        frames
            .iter()
            .map(|(function, file)| Frame {
                function: (*function).to_owned(),
                at: Some(Place { file: (*file).to_owned(), line: 1, column: 1 }),
                origin: Origin::Internal,
            })
            .collect()
    }

    #[test]
    fn only_the_systems_methods_below_the_programs_entry_show_it() {
        let system = ("alloc", "/rustc/1/library/std/src/sys/alloc/unix.rs");
        let guard = ("alloc", "/home/u/.cargo/registry/src/i/qadapt-0.1.0/src/hot/allocator.rs");
        let entry = ("__rustc::__rust_alloc", "src/main.rs");
        for (frames, shown) in [
            (&[system, ("__rustc::__rdl_alloc", "/rustc/1/library/std/src/alloc.rs")][..], true),
            (&[system, guard, entry][..], true),
            (&[system, entry][..], true),
            (&[system, ("alloc", "src/arena.rs"), entry][..], false),
            (&[guard, entry][..], false),
            (&[system, guard][..], false),
            (&[system, ("main", "src/main.rs")][..], false),
            (&[system, ("std::sys::backtrace::__rust_begin_short_backtrace", "")][..], false),
            (&[entry][..], false),
        ] {
            assert_eq!(shows_system(&chain(frames)), shown, "{frames:?}");
        }
    }
}
