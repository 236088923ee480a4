//! `Once::call` of std, below `Once`, `OnceLock` and `LazyLock`: the closure that it calls, told from its arguments.
//!
//! It puts the closure's vtable away on a stack of which other addresses get out, so that nothing there is believed. But of
//! what it calls through pointers known is all: system calls, and the closure that it was given, once. So where the vtable is a
//! constant, a call of that closure stands in for the one through the pointer.
//!
//! This holds for the implementation on futexes of rustc 1.62 to at least 1.95 (`library/std/src/sys/sync/once/futex.rs`).
//! [`is_known`] looks at the name, and at the code for one call through a vtable and no other; any other function stays
//! unresolved.

use std::ops::Range;

use super::body::{Call, Callee, Fact};
use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::names::Frame;
use super::registers::registers;
use super::replaced::only_makes_room;
use super::step::{Flow, Mem, Reg, Via};
use super::symbol::demangle;

/// The argument with the address of what says whether it has been called: rdi.
const CELL: Reg = 7;
/// The argument with the closure's vtable: rcx.
pub(crate) const VTABLE: Reg = 1;
/// Where a vtable of `FnMut` has `call_mut`: behind drop, size, alignment and `call_once`.
const CALL_MUT: u64 = 32;

/// Whether `addr` is `Once::call` as it is known here.
pub(crate) fn is_known(image: &Image<'_>, addr: u64) -> bool {
    let Some(function) = image.function_at(addr) else { return false };
    let named = |name: &&str| {
        name.contains("4once5futex")
            && demangle(name).replace(['<', '>'], "") == "std::sys::sync::once::futex::Once::call"
    };
    if !function.names.iter().any(named) {
        return false;
    }
    let bounds = image.bounds(addr);
    let mut steps = Steps::new(image.code(bounds.start, bounds.end), bounds.start);
    let mut through_vtables = 0;
    let mut at = bounds.start;
    while bounds.contains(&at) {
        let step = steps.flow_at(at);
        match step.flow {
            Flow::CallVia(Via::Mem(Mem { base: None, index: None, .. }) | Via::Reg(_)) => {}
            Flow::CallVia(_) if is_closures(step.flow) => through_vtables += 1,
            Flow::CallVia(_) | Flow::Undecodable => return false,
            _ => {}
        }
        at = step.next;
    }
    through_vtables == 1 && takes_vtable(image, &bounds)
}

/// Whether the function uses the argument with the vtable before it writes over it: where link-time optimisation has taken away an
/// argument before it, another register has it.
fn takes_vtable(image: &Image<'_>, bounds: &Range<u64>) -> bool {
    let code = image.code(bounds.start, bounds.end);
    let mut steps = Steps::new(code, bounds.start).with_writes(true);
    let mut at = bounds.start;
    while bounds.contains(&at) {
        let step = steps.at(at);
        let Some(used) = registers(code.bytes, bounds.start, at) else { return false };
        if used.reads & (1 << VTABLE) != 0 && !only_makes_room((bounds.start, code), &step) {
            return true;
        }
        if used.overwrites & (1 << VTABLE) != 0 || matches!(step.flow, Flow::Call(_) | Flow::CallVia(_)) {
            return false;
        }
        at = step.next;
    }
    false
}

/// The address that a call of `Once::call` is given of what it is about, if this is one and the address is known.
pub(crate) fn cell(image: &Image<'_>, call: &Call) -> Option<u64> {
    let Callee::Local(callee) = call.callee else { return None };
    let given = call.given.iter().find_map(|&(reg, fact)| match fact {
        Fact::Address(addr) if reg == CELL => Some(addr),
        _ => None,
    })?;
    is_known(image, callee).then_some(given)
}

/// Whether the call at `site`, in that function, is the one of the closure.
pub(crate) fn calls_closure(image: &Image<'_>, site: u64) -> bool {
    let (base, code) = image.segment_of(site);
    is_closures(Steps::new(code, base).flow_at(site).flow)
}

fn is_closures(flow: Flow) -> bool {
    matches!(flow, Flow::CallVia(Via::Mem(Mem { base: Some(_), index: None, disp: CALL_MUT })))
}

/// Whether one of these frames is std's own around `Once::call`, so that the user can say that the call is made before. Its file tells,
/// or its name where there is no file.
pub(crate) fn is_around<'f>(mut frames: impl Iterator<Item = &'f Frame>) -> bool {
    const MODULES: [&str; 4] = ["lazy_lock", "once_lock", "once", "poison::once"];
    let is_file = |file: &str, module: &str| file.strip_suffix(".rs") == Some(&module.replace("::", "/"));
    frames.any(|frame| match frame.at.as_ref().and_then(|at| at.file.split_once("library/std/src/sync/")) {
        Some((_, file)) => MODULES.iter().any(|module| is_file(file, module)),
        None => MODULES.iter().any(|module| frame.function.contains(&format!("std::sync::{module}::"))),
    })
}

/// The call of the closure with this vtable, for which the one of `Once::call` at `site` stands.
pub(crate) fn call(image: &Image<'_>, site: u64, vtable: u64) -> Option<Call> {
    match image.constant(vtable.checked_add(CALL_MUT)?)? {
        Slot::Addr(addr) if image.function_at(addr).is_some() => {
            Some(Call { sure: false, ..Call::new(site, Callee::Local(addr)) })
        }
        _ => None,
    }
}
