//! `core::fmt::write`: what it calls, told from its arguments.
//!
//! Its loop over the template cannot be followed, but what it does is known: it calls `write_str` of the writer, and for
//! each placeholder the function of an argument, with a `Formatter` that leads to the same writer. So where the writer's
//! vtable, the template and the arguments' functions are constants, these calls stand in for those that it makes
//! through pointers.
//!
//! This holds for the encoding of rustc 1.93 to at least 1.95 (the comment on `fmt::Arguments` in
//! `library/core/src/fmt/mod.rs`, and what a `Formatter` looks like in memory). [`is_known`] looks for its traces in the
//! code; any other `core::fmt::write` stays unresolved.

use super::body::{Call, Callee, Fact, Given};
use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::step::{Effect, Flow, Mem, Reg, Via};
use super::symbol::demangle;

/// Where a `Formatter` has its writer's vtable.
pub(crate) const VTABLE: u64 = 8;
/// The size of an argument: a value, then the function that formats it.
const ARGUMENT: u64 = 16;
/// Where a vtable of `fmt::Write` has `write_str`; `write_char` and `write_fmt` follow.
const WRITE_STR: u64 = 24;
/// Where a formatting function gets its `Formatter`: rsi.
const FORMATTER: Reg = 6;
/// Templates are short; whoever writes a longer one must do without.
const LONGEST: u64 = 1 << 16;

/// Whether `addr` is `core::fmt::write` as it is known here.
pub(crate) fn is_known(image: &Image<'_>, addr: u64) -> bool {
    let Some(function) = image.function_at(addr) else { return false };
    let named = |name: &&str| name.contains("4core3fmt5write") && demangle(name) == "core::fmt::write";
    function.names.iter().any(named) && is_shaped(image, addr)
}

/// Whether the code tells literals from placeholders by the bytes 0x80 and 0xC0, calls one function through an indexed
/// argument, and takes `write_str` but no other method from the vtable.
fn is_shaped(image: &Image<'_>, addr: u64) -> bool {
    let bounds = image.bounds(addr);
    let mut steps = Steps::new(image.code(bounds.start, bounds.end), bounds.start);
    let (mut long, mut placeholder, mut arguments, mut write_str) = (false, false, 0, false);
    let mut at = addr;
    while bounds.contains(&at) {
        let step = steps.at(at);
        match (step.flow, step.effect) {
            (Flow::Undecodable, _) => return false,
            (_, Effect::Compare(_, _, 0x80)) => long = true,
            (_, Effect::Compare(_, _, 0xc0)) => placeholder = true,
            (_, Effect::Load(_, Mem { index: None, disp: WRITE_STR, .. })) => write_str = true,
            (_, Effect::Load(_, Mem { index: None, disp: 32 | 40, .. })) => return false,
            _ => {}
        }
        match step.flow {
            Flow::Call(_) => return false,
            Flow::CallVia(Via::Mem(Mem { base: Some(_), index: Some((_, 1)), disp: 8 })) => arguments += 1,
            _ => {}
        }
        at = step.next;
    }
    long && placeholder && write_str && arguments == 1
}

/// What a call of `core::fmt::write` calls: `write_str` and the arguments' functions. `writer` is the address
/// of the vtable, `template` that of the template, and `argument` yields what the arguments hold at a distance.
pub(crate) fn calls(
    image: &Image<'_>,
    site: u64,
    writer: u64,
    template: Option<u64>,
    argument: &dyn Fn(u64) -> Option<Slot>,
) -> Option<Vec<Call>> {
    let call = |slot: Slot, given: Given| {
        let callee = match slot {
            Slot::Addr(addr) if image.function_at(addr).is_some() => Callee::Local(addr),
            Slot::Addr(_) => return None,
            Slot::Import(index) => Callee::Import(index),
        };
        Some(Call { given, sure: false, ..Call::new(site, callee) })
    };
    let mut calls = vec![call(image.constant(writer.checked_add(WRITE_STR)?)?, Given::default())?];
    // Without a template the text is plain.
    let placeholders = template.map_or_else(|| Some(Vec::new()), |at| placeholders(image, at))?;
    for index in placeholders {
        let given: Given = Box::new([(FORMATTER, Fact::Formatter(writer))]);
        calls.push(call(argument(u64::from(index) * ARGUMENT + 8)?, given)?);
    }
    Some(calls)
}

/// The arguments that a template formats.
fn placeholders(image: &Image<'_>, template: u64) -> Option<Vec<u16>> {
    let mut at = template;
    let mut next = 0u16;
    let mut found = Vec::new();
    let take = |at: &mut u64, length: usize| {
        let bytes = image.frozen(*at, length)?;
        *at = at.checked_add(length as u64)?;
        Some(bytes)
    };
    let short = |at: &mut u64| Some(u16::from_le_bytes(take(at, 2)?.try_into().ok()?));
    while at - template < LONGEST {
        match take(&mut at, 1)?[0] {
            0 => return Some(found),
            length @ 1..0x80 => drop(take(&mut at, usize::from(length))?),
            0x80 => {
                let length = short(&mut at)?;
                take(&mut at, usize::from(length))?;
            }
            flags @ 0xc0.. => {
                if flags & 1 != 0 {
                    take(&mut at, 4)?;
                }
                // The width and the precision are numbers, or arguments that are numbers.
                for bit in [2, 4] {
                    if flags & bit != 0 {
                        short(&mut at)?;
                    }
                }
                if flags & 8 != 0 {
                    next = short(&mut at)?;
                }
                found.push(next);
                next = next.checked_add(1)?;
            }
            _ => return None,
        }
    }
    None
}
