//! What an event leaves in the trace.

use core::ffi::c_void;

use qadapt_spin::Key;
use qadapt_trace::{At, Event, flags};

use super::super::request::Request;
use super::current::{self, Trace};
use super::stack::Stack;
use super::{chain, draw, live, modules, rate, recent};
use crate::model::{Op, SystemCall};

/// After the inner allocator, or at a system call that a region disallows: counts the event in the open regions.
pub(in crate::hot) fn count(request: &Request, succeeded: bool) {
    if let Some(trace) = current::active() {
        if request.op != Op::SystemCall {
            trace.set_flags(flags::ALLOCATOR);
        }
        if chain::count(trace, &event(request, succeeded)) {
            trace.count_event();
        }
    }
}

/// Before it is done: records the stack of an event that a region disallows, or that the whole program's region sees.
pub(in crate::hot) fn disallow(trace: &Trace, request: &Request, mark: *const c_void) {
    if chain::is_permitted() {
        return;
    }
    let total = trace.count_all_disallowed();
    let Some(region) = chain::disallow(trace) else { return };
    // A call makes no block; what is being looked at may be the request for which an allocator makes it.
    let blocks = if request.op.is_request() { live::draw(trace, request) } else { 0 };
    // Whoever follows each block wants each stack.
    let weight = if draw::follows_all() { 1 } else { rate::weight(total).unwrap_or(0) };
    if weight == 0 && blocks == 0 {
        return;
    }
    // Where there is no room for a walk the stack is lost, not the process.
    let walk = || recent::has_room(mark).then(|| walk(trace, request.op, mark)).flatten();
    let stack = recent::find(trace, mark, request.op).or_else(walk);
    let event = event(request, true);
    let identity = [region.index(), stack.map_or(0, |stack| stack as usize + 1)];
    let key = Key::of(event.op.code(), &identity).get().get();
    let align = u32::try_from(request.align).unwrap_or(u32::MAX);
    let Some(site) = trace.site(key, At { region, stack }, &event, align, weight) else { return };
    let entry = if weight > 0 { chain::visit(trace, region, site) } else { chain::entry(region) };
    if blocks > 0 {
        live::happened(site, entry, blocks);
    }
}

/// The number of this thread's stack.
#[inline(never)]
fn walk(trace: &Trace, op: Op, mark: *const c_void) -> Option<u32> {
    let stack = Stack::here(mark);
    rate::walked(stack.met());
    let frames = stack.frames();
    let mut is_new = false;
    let key = Key::of(u64::from(stack.left_out() > 0), frames).get().get();
    let number = trace.stack(key, frames, stack.left_out(), || is_new = true)?;
    if is_new && !frames.iter().all(|&frame| trace.knows(frame as u64)) {
        modules::note_modules(trace);
    }
    recent::keep(trace, mark, op, &stack.words, number);
    Some(number)
}

fn event(request: &Request, succeeded: bool) -> Event {
    let op = match request.op {
        Op::Alloc => qadapt_trace::Op::Alloc,
        Op::AllocZeroed => qadapt_trace::Op::AllocZeroed,
        Op::Realloc => qadapt_trace::Op::Realloc,
        Op::Dealloc => qadapt_trace::Op::Dealloc,
        Op::SystemCall => {
            let call = SystemCall::unpacked(request.size, request.old_size);
            let call = qadapt_trace::Call { number: call.number(), class: call.class().index() };
            return Event { op: qadapt_trace::Op::SystemCall(call), size: 0, old_size: 0, failed: false };
        }
    };
    Event { op, size: request.size as u64, old_size: request.old_size as u64, failed: !succeeded }
}
