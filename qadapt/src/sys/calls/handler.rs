//! The handler of `SIGSYS`: notes the call, and has it made.
//!
//! It interrupts the program at a system call, and nowhere else: so in no step of the guard's, and inside an allocator only where that
//! one calls the kernel. It takes no lock, allocates nothing, and leaves the program's `errno` as it is. All other signals but those
//! of faults wait until it has returned.

use core::ffi::{c_int, c_void};
use core::mem;
use core::ptr;

use super::super::posix::keeping_error;
use super::gate::{self, unsigned};
use super::{signal, thread, waits};
use crate::model::{Calls, Detail, SystemCall};

/// `si_code` of a call that the selector has stopped.
const DISPATCHED: c_int = 2;
/// What `si_arch` says of calls of 64-bit code: `AUDIT_ARCH_X86_64`.
const ARCHITECTURE: u32 = 0xC000_003E;
/// The length of the instruction that makes a call.
const INSTRUCTION: u64 = 2;

/// What the kernel tells of the call, behind three numbers and a gap.
#[repr(C)]
struct Stopped {
    _signal: c_int,
    _error: c_int,
    code: c_int,
    _gap: c_int,
    _address: u64,
    _call: c_int,
    architecture: u32,
}

/// The handler, as the kernel knows it.
pub(super) fn address() -> usize {
    (on_signal as *const ()).addr()
}

#[expect(unsafe_code, reason = "reads and changes what the kernel hands over")]
unsafe extern "C" fn on_signal(number: c_int, info: *mut c_void, context: *mut c_void) {
    // SAFETY: the kernel hands over such a record, which is as large.
    let stopped = unsafe { &*info.cast::<Stopped>() };
    if stopped.code != DISPATCHED {
        return hand_on(number, info, context);
    }
    // SAFETY: the kernel hands over the interrupted context, to be changed.
    let context = unsafe { &mut *context.cast::<libc::ucontext_t>() };
    if is_cramped(context) {
        return make_unwatched(context);
    }
    let is_native = stopped.architecture == ARCHITECTURE;
    if keeping_error(|| seen_from_outside(context, is_native)) {
        go_on(context, is_native);
    } else {
        set_register(context, libc::REG_RAX, unsigned(-i64::from(libc::EPERM)));
    }
}

/// Bytes that the handler needs of an alternate stack, frames of the kernel's and a walk of the stack included.
const ROOM: u64 = 32 << 10;

/// True in a handler of the program's on an alternate stack with little room, such as the 8 KiB of std's, on which it tells of a stack
/// that has overflowed.
fn is_cramped(context: &libc::ucontext_t) -> bool {
    let lowest = context.uc_stack.ss_sp.addr() as u64;
    let above = register(context, libc::REG_RSP).wrapping_sub(lowest);
    above < context.uc_stack.ss_size as u64 && above < ROOM
}

/// A register of the interrupted context.
fn register(context: &libc::ucontext_t, which: c_int) -> u64 {
    let registers = &context.uc_mcontext.gregs;
    registers.get(which.unsigned_abs() as usize).map_or(0, |&value| unsigned(value))
}

fn set_register(context: &mut libc::ucontext_t, which: c_int, value: u64) {
    if let Some(place) = context.uc_mcontext.gregs.get_mut(which.unsigned_abs() as usize) {
        *place = 0_i64.wrapping_add_unsigned(value);
    }
}

/// The number of the call: an `int`, as the kernel reads it.
fn number(context: &libc::ucontext_t) -> u64 {
    register(context, libc::REG_RAX) & u64::from(u32::MAX)
}

fn arguments(context: &libc::ucontext_t) -> [u64; 6] {
    [libc::REG_RDI, libc::REG_RSI, libc::REG_RDX, libc::REG_R10, libc::REG_R8, libc::REG_R9]
        .map(|which| register(context, which))
}

/// Tells the guard of the call. The C library's functions that start a child on a stack of its own end the stack for unwinders; the
/// address that they return to is on top. So the context is that of their caller meanwhile. True if the call is to be made.
fn seen_from_outside(context: &mut libc::ucontext_t, is_native: bool) -> bool {
    let call = i64::try_from(number(context)).unwrap_or(-1);
    let is_start = is_native && matches!(call, libc::SYS_clone | libc::SYS_clone3);
    if !is_start || !matches!(child_of(call, &arguments(context)), Child::On(_)) {
        return seen(context, is_native);
    }
    let [stack, at] = [libc::REG_RSP, libc::REG_RIP].map(|which| register(context, which));
    let outer = waits::read(stack).map_or(at, |[outer, _]| outer);
    set_register(context, libc::REG_RIP, outer);
    set_register(context, libc::REG_RSP, stack.wrapping_add(8));
    let is_to_be_made = seen(context, is_native);
    set_register(context, libc::REG_RIP, at);
    set_register(context, libc::REG_RSP, stack);
    is_to_be_made
}

/// Tells the guard of the call if it may wait. True if it is to be made.
fn seen(context: &libc::ucontext_t, is_native: bool) -> bool {
    let call = if is_native {
        waits::of(number(context), &arguments(context))
    } else {
        // Of the 32-bit interface, which has other numbers.
        Some(SystemCall {
            number: u16::MAX,
            class: Calls::OTHER,
            detail: Detail::Nothing,
            value: 0,
            by_allocator: false,
        })
    };
    let stack = usize::try_from(register(context, libc::REG_RSP)).unwrap_or(0);
    thread::witness(call.as_ref(), ptr::without_provenance(stack.saturating_sub(1)))
}

/// Has the call made when the handler has returned.
#[expect(unsafe_code, reason = "makes a call of the program's")]
fn go_on(context: &mut libc::ucontext_t, is_native: bool) {
    let call = i64::try_from(number(context)).unwrap_or(-1);
    match call {
        _ if !is_native => make_unwatched(context),
        libc::SYS_vfork => make_unwatched(context),
        libc::SYS_clone | libc::SYS_clone3 => match child_of(call, &arguments(context)) {
            Child::Copy => make_at(context, gate::again()),
            Child::Sharing => make_unwatched(context),
            Child::On(stack) => {
                // Where nothing can be written the child would not find its way.
                if waits::write(stack.wrapping_sub(gate::BELOW), register(context, libc::REG_RIP)) {
                    make_at(context, gate::beget());
                } else {
                    make_unwatched(context);
                }
            }
        },
        // The end of a handler of the program's: the stack pointer says which.
        libc::SYS_rt_sigreturn => set_register(context, libc::REG_RIP, gate::end_of_handler()),
        libc::SYS_rt_sigprocmask => {
            // The mask that counts is the one to return to. A program that holds everything back must not hold this signal back.
            signal::set_mask(mask_of(context));
            // SAFETY: it is the program's own call, of which the kernel checks the arguments.
            let answer = unsafe { gate::make(call, arguments(context)) };
            set_mask_of(context, signal::mask());
            set_register(context, libc::REG_RAX, unsigned(answer));
        }
        _ => make_at(context, gate::again()),
    }
}

/// Has the call made at a place in the gate, which leads back.
#[expect(unsafe_code, reason = "writes to the program's stack")]
fn make_at(context: &mut libc::ucontext_t, gate: u64) {
    let below = register(context, libc::REG_RSP).wrapping_sub(gate::BELOW);
    let back = register(context, libc::REG_RIP);
    let place = ptr::with_exposed_provenance_mut::<u64>(usize::try_from(below).unwrap_or(0));
    // SAFETY: under the bytes that a function may use below its stack pointer nothing is the program's. The kernel has put this
    // handler's frame further down on the same stack, so that it is mapped; where the handler runs on another stack, so does the
    // code that it interrupts.
    unsafe { place.write_unaligned(back) };
    set_register(context, libc::REG_RSP, below);
    set_register(context, libc::REG_RIP, gate);
}

/// Has the call made where it stands, and nothing watched from here on until the thread's next region.
fn make_unwatched(context: &mut libc::ucontext_t) {
    thread::leave_a_gap();
    let at = register(context, libc::REG_RIP);
    set_register(context, libc::REG_RIP, at.wrapping_sub(INSTRUCTION));
}

/// What a call starts.
enum Child {
    /// A process with a copy of the memory, or nothing.
    Copy,
    /// Something that uses this stack while the call waits, or what nobody knows.
    Sharing,
    /// Something on the stack that ends here.
    On(u64),
}

/// Offsets in what `clone3` is told (linux/sched.h): a stack's lowest address, after which comes its size.
const STACK: u64 = 40;

fn child_of(call: i64, arguments: &[u64; 6]) -> Child {
    let &[first, second, ..] = arguments;
    let (flags, stack) = if call == libc::SYS_clone {
        (first, second)
    } else {
        // The call fails, or a filter (`seccomp`) forbids what reads here.
        let Some([flags, _]) = waits::read(first) else { return Child::Sharing };
        let Some([lowest, size]) = waits::read(first.wrapping_add(STACK)) else { return Child::Sharing };
        (flags, lowest.wrapping_add(size))
    };
    let shares = u64::from(libc::CLONE_VM.unsigned_abs());
    match stack {
        0 if flags & shares == 0 => Child::Copy,
        0 => Child::Sharing,
        stack => Child::On(stack),
    }
}

#[expect(unsafe_code, reason = "the kernel's mask is shorter than the C library's")]
fn mask_of(context: &libc::ucontext_t) -> u64 {
    // SAFETY: the C library's mask begins with the kernel's 64 bits.
    unsafe { (&raw const context.uc_sigmask).cast::<u64>().read() }
}

#[expect(unsafe_code, reason = "as above")]
fn set_mask_of(context: &mut libc::ucontext_t, mask: u64) {
    // SAFETY: as above.
    unsafe { (&raw mut context.uc_sigmask).cast::<u64>().write(mask) };
}

/// A signal that the guard has not asked for: what the program has for it runs.
#[expect(unsafe_code, reason = "calls a handler of the program's")]
fn hand_on(number: c_int, info: *mut c_void, context: *mut c_void) {
    let (handler, takes_three) = signal::program_s_handler();
    match handler {
        libc::SIG_IGN => {}
        libc::SIG_DFL => {
            signal::give_back();
            // SAFETY: it takes any signal's number.
            unsafe { libc::raise(number) };
        }
        _ if takes_three => {
            // SAFETY: the program has set this function for the signal, with three arguments.
            let handler =
                unsafe { mem::transmute::<usize, extern "C" fn(c_int, *mut c_void, *mut c_void)>(handler) };
            handler(number, info, context);
        }
        _ => {
            // SAFETY: as above, with one.
            let handler = unsafe { mem::transmute::<usize, extern "C" fn(c_int)>(handler) };
            handler(number);
        }
    }
}
