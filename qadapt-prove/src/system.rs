//! System calls: which of them run code of the program that the caller does not see.
//!
//! A system call allocates nothing in the program. But one that sends a signal to the calling thread runs its handler
//! before it comes back, one that lets a waiting signal in does the same, and one that returns from a handler goes on
//! anywhere.

use super::body::{Callee, Waits, Why};
use super::decode::Steps;
use super::functions::Function;
use super::load::Image;
use super::machine::Machine;
use super::step::{Flow, Reg};
use super::value::Value;
use super::wait;

/// The register that has the number: rax, or x8.
pub(crate) const NUMBER: Reg = 0;

/// The calls of Linux for one processor that matter.
struct Calls {
    /// Those that send a signal.
    signals: &'static [u64],
    /// Those that change which signals may come, so that one that has waited comes before they return, or that end with one.
    lets_in: &'static [u64],
    /// The one that goes back from a handler.
    returns_anywhere: u64,
}

/// x86-64 (`asm/unistd_64.h`): `kill`, `rt_sigqueueinfo`, `tkill`, `tgkill`, `rt_tgsigqueueinfo`, `pidfd_send_signal`;
/// `rt_sigprocmask`, `pause`, `rt_sigsuspend`, `pselect6`, `ppoll`, `epoll_pwait`, `io_pgetevents`, `io_uring_enter`, `epoll_pwait2`;
/// `rt_sigreturn`.
const X86_64: Calls = Calls {
    signals: &[62, 129, 200, 234, 297, 424],
    lets_in: &[14, 34, 130, 270, 271, 281, 333, 426, 441],
    returns_anywhere: 15,
};

/// aarch64 (`asm-generic/unistd.h`): `kill`, `tkill`, `tgkill`, `rt_sigqueueinfo`, `rt_tgsigqueueinfo`,
/// `pidfd_send_signal`; `epoll_pwait`, `pselect6`, `ppoll`, `rt_sigsuspend`, `rt_sigprocmask`, `io_pgetevents`, `io_uring_enter`,
/// `epoll_pwait2`; `rt_sigreturn`.
const AARCH64: Calls = Calls {
    signals: &[129, 130, 131, 138, 240, 424],
    lets_in: &[22, 72, 73, 133, 135, 292, 426, 441],
    returns_anywhere: 139,
};

/// The first number that is not one of the processor's own calls: x86-64 has those of x32 from here on, and again with a bit set that
/// says so (`__X32_SYSCALL_BIT`).
const FOREIGN: u64 = 512;

/// Functions of the C libraries through which all blocking calls go, with the number as an argument: `read`, `futex` and
/// their like, never a signal.
const BLOCKING: [&str; 7] = [
    "__internal_syscall_cancel",
    "__syscall_cancel",
    "__syscall_cancel_arch",
    "__syscall_cp",
    "__syscall_cp_asm",
    "__syscall_cp_c",
    "sccp",
];

/// Those of them that get the number as their first argument, and as their second. The others get it behind six, where it is not looked for.
const NUMBER_FIRST: [&str; 3] = ["__syscall_cp", "__syscall_cp_c", "sccp"];
const NUMBER_SECOND: [&str; 2] = ["__syscall_cp_asm", "__syscall_cancel_arch"];

/// Functions of the C libraries that let a signal in which has waited, whichever way they ask the system.
const LET_IN: [&str; 12] = [
    "__libc_pause",
    "__pause",
    "__ppoll",
    "__pselect",
    "__sigsuspend",
    "epoll_pwait",
    "epoll_pwait2",
    "pause",
    "ppoll",
    "pselect",
    "sigpause",
    "sigsuspend",
];

/// What is to be said of a call at `site` of a function through which a C library that is linked in asks the system.
pub(crate) fn of_c_library(
    image: &Image<'_>,
    site: u64,
    callee: u64,
    argument: impl Fn(Reg) -> Value,
) -> Option<Why> {
    if image.is_dynamic() {
        return None;
    }
    let names = |addr| image.function_covering(addr).map_or(&[][..], |f: &Function<'_>| &f.names);
    let is_one = |addr: u64, of: &[&str]| names(addr).iter().any(|name| of.contains(name));
    if is_one(callee, &LET_IN) {
        return Some(Why::Signal);
    }
    let number = if is_one(callee, &NUMBER_FIRST) {
        0
    } else if is_one(callee, &NUMBER_SECOND) {
        1
    } else {
        return None;
    };
    let machine = image.machine();
    let argument = |index: usize| {
        let reg = machine.arguments().get(index)?;
        argument(*reg).exact()
    };
    let Some(asked) = argument(number) else {
        // One hands on to the next what it was given.
        return if is_one(site, &BLOCKING) { None } else { Some(Why::System) };
    };
    // Without a mask of signals none comes that might not have come before.
    let mask = has_mask(machine, asked).and_then(|at| argument(number + 1 + at));
    if mask == Some(0) { None } else { of_number(machine, asked) }
}

/// Which argument of `ppoll` and `epoll_pwait` is a mask of signals, or nothing: without another call for `poll`, a C library makes these.
fn has_mask(machine: Machine, number: u64) -> Option<usize> {
    match (machine, number) {
        (Machine::X86_64, 271) | (Machine::Aarch64, 73) => Some(3),
        (Machine::X86_64, 281) | (Machine::Aarch64, 22) => Some(4),
        _ => None,
    }
}

/// The register that has the number when the C library's function for any system call is called: rdi, or x0.
pub(crate) const ARGUMENT: Reg = 7;

/// Whether this is the C library's function for any system call.
pub(crate) fn is_for_any(image: &Image<'_>, callee: Callee) -> bool {
    match callee {
        Callee::Import(i) => image.import(i) == "syscall" && image.is_of_c_library(i),
        Callee::Local(addr) => image.syscall() == Some(addr) && only_calls_the_system(image, addr),
        Callee::Unknown(_) | Callee::System(_) => false,
    }
}

/// Functions of the C libraries that turn what the system says into `errno`.
const ERRORS: [&str; 2] = ["__syscall_error", "__syscall_ret"];

/// Whether a function makes a system call, and calls nothing else but what tells of its error.
fn only_calls_the_system(image: &Image<'_>, addr: u64) -> bool {
    let bounds = image.bounds(addr);
    let mut steps = Steps::new(image.code(bounds.start, bounds.end), bounds.start);
    let is_of_errors =
        |addr| image.function_at(addr).is_some_and(|f| f.names.iter().any(|name| ERRORS.contains(name)));
    let (mut at, mut calls) = (bounds.start, false);
    while at < bounds.end {
        let step = steps.flow_at(at);
        match step.flow {
            Flow::System => calls = true,
            Flow::Jump(to) | Flow::Branch(to, _) if bounds.contains(&to) => {}
            Flow::Jump(to) | Flow::Branch(to, _) | Flow::Call(to) if is_of_errors(to) => {}
            Flow::Next | Flow::Return | Flow::Trap => {}
            _ => return false,
        }
        at = step.next;
    }
    calls
}

/// What is to be said of a system call at `site` whose number is this.
pub(crate) fn doubt(image: &Image<'_>, site: u64, number: Value) -> Option<Why> {
    match number {
        Value::Const(number) | Value::Number(number) => of_number(image.machine(), number),
        _ if !image.is_dynamic()
            && image
                .function_covering(site)
                .is_some_and(|f| f.names.iter().any(|n| BLOCKING.contains(n))) =>
        {
            None
        }
        _ => Some(Why::System),
    }
}

/// Those of the arguments that the C library's function for any system call hands on: rsi, rdx, rcx, r8, r9, or x1 to x5.
pub(crate) const HANDED_ON: [Reg; 5] = [6, 2, 1, 8, 9];

/// The system call at `site` if it may wait. The number is one for which there is no [`doubt`].
pub(crate) fn waits(machine: Machine, number: Value, argument: impl Fn(usize) -> Value) -> Option<Waits> {
    // The list of those that wait has the numbers of x86-64.
    let Some(number) = number.exact().filter(|_| machine == Machine::X86_64) else {
        return Some(Waits { number: None, word: "file, lock or socket" });
    };
    let known = |index| argument(index).exact();
    let word = wait::of_call(number, known)?;
    Some(Waits { number: u16::try_from(number & u64::from(u32::MAX)).ok(), word })
}

/// What is to be said of the system call with this number.
pub(crate) fn of_number(machine: Machine, number: u64) -> Option<Why> {
    // The system takes the low half.
    let number = number & u64::from(u32::MAX);
    if number >= FOREIGN {
        return Some(Why::System);
    }
    let calls = match machine {
        Machine::X86_64 => &X86_64,
        Machine::Aarch64 => &AARCH64,
    };
    let runs = calls.signals.contains(&number)
        || calls.lets_in.contains(&number)
        || number == calls.returns_anywhere;
    runs.then_some(Why::Signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_a_mask_of_signals_lets_them_in() {
        for name in [
            "rt_sigprocmask",
            "rt_sigsuspend",
            "pselect6",
            "ppoll",
            "epoll_pwait",
            "io_pgetevents",
            "io_uring_enter",
            "epoll_pwait2",
        ] {
            let number = qadapt_calls::number(name).expect("a call of Linux");
            assert_eq!(of_number(Machine::X86_64, number.into()), Some(Why::Signal), "{name}");
        }
        for name in ["epoll_wait", "poll", "select", "read", "futex"] {
            let number = qadapt_calls::number(name).expect("a call of Linux");
            assert_eq!(of_number(Machine::X86_64, number.into()), None, "{name}");
        }
    }

    #[test]
    fn a_call_by_a_number_of_x32_may_be_any() {
        let tkill: u64 = qadapt_calls::number("tkill").expect("a call of Linux").into();
        for (number, why) in [
            (tkill, Some(Why::Signal)),
            (7 << 32 | tkill, Some(Why::Signal)),
            (0x4000_0000 | tkill, Some(Why::System)),
            // rt_sigqueueinfo
            (524, Some(Why::System)),
            (0x4000_020c, Some(Why::System)),
            (39, None),
        ] {
            assert_eq!(of_number(Machine::X86_64, number), why, "{number:#x}");
        }
    }
}
