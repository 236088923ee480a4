//! One violation, as hooks see it and reports print it.

mod text;

use core::panic::Location;
use std::sync::Arc;

use qadapt_advice::Advice;
use qadapt_spin::Slot;

use super::frame::{Site, StackFrame};
use super::resolved::Resolved;
use crate::hot::capture::{self, Kept, STACKS};
use crate::hot::pending::{self, Pending};
use crate::hot::request::{Cause, Request};
use crate::hot::{setting, table};
use crate::model::{Mode, Op, Place, SystemCall};

/// Equal violations of one region: the same operation from the same call stack.
///
/// It prints as the report of [`Mode::Log`](crate::Mode::Log).
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// use qadapt::{Mode, Op, Policy};
/// use std::hint::black_box;
///
/// let (sender, violations) = std::sync::mpsc::channel();
/// qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
/// let boxed = Policy::new().name("mixer").mode(Mode::Log).run(|| black_box(Box::new(7_u64)));
/// # if qadapt::is_active() {
/// let violation = violations.recv().expect("the hook has sent it");
/// assert_eq!((violation.op(), violation.size(), violation.region()), (Op::Alloc, 8, Some("mixer")));
/// assert!(violation.to_string().starts_with("qadapt: allocation of 8 bytes (align 8) in the protected region `mixer`"));
/// # }
/// # drop(boxed);
/// ```
#[derive(Clone, Debug)]
pub struct Violation {
    op: Op,
    size: usize,
    old_size: usize,
    align: usize,
    times: u64,
    cause: Cause,
    mode: Mode,
    /// `None` for a region that never closed and is another thread's, or has no record.
    place: Option<Place>,
    /// The region's name, if it has one.
    name: Option<String>,
    lent: bool,
    /// The region was never closed: it was open when the process ended, or its thread.
    is_unclosed: bool,
    stack: Arc<Resolved>,
}

impl Violation {
    pub(super) fn new(pending: &Pending, place: Place) -> Self {
        let Pending { op, size, old_size, align, mode, slot, times, cause, lent } = *pending;
        let stack = slot.map_or_else(Arc::default, Resolved::of);
        let name = Some(place.name).filter(|name| !name.is_none()).map(|name| name.to_string());
        let request = Request { op, size, old_size, align };
        Self { cause, mode, place: Some(place), name, lent, ..Self::of(&request, stack, u64::from(times)) }
    }

    /// The violation of a stack whose region never closed. On the thread that has the region it is known which one that is.
    pub(super) fn unclosed(slot: Slot, times: u64) -> Option<Self> {
        let own = pending::from_stack(slot, times);
        if let Some((pending, place)) = own.and_then(|(region, own)| Some((own, table::place_of(region)?))) {
            return Some(Self { is_unclosed: true, ..Self::new(&pending, place) });
        }
        let request = capture::first_request(STACKS.stack(slot)?.tag())?;
        Some(Self { is_unclosed: true, ..Self::of(&request, Resolved::of(slot), times) })
    }

    /// An event that is no violation; it only lends its form.
    pub(super) fn event(request: &Request, stack: Option<Kept>, times: u64) -> Self {
        let stack = stack.and_then(Kept::stack).map_or_else(Arc::default, |stack| Resolved::once(&stack));
        Self::of(request, stack, times)
    }

    /// Requests of one stack, of which no region is known.
    fn of(request: &Request, stack: Arc<Resolved>, times: u64) -> Self {
        let Request { op, size, old_size, align } = *request;
        Self {
            op,
            size,
            old_size,
            align,
            times,
            cause: Cause::Disallowed,
            mode: setting::default_mode(),
            place: None,
            name: None,
            lent: false,
            is_unclosed: false,
            stack,
        }
    }

    /// What was asked of the allocator, or of the kernel.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.op(), qadapt::Op::Alloc);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn op(&self) -> Op {
        self.op
    }

    /// The first of the violations, where they are system calls.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// use std::time::Duration;
    ///
    /// qadapt::set_mode(qadapt::Mode::Log);
    /// qadapt::set_violation_hook(|violation| {
    ///     let call = violation.system_call().expect("nothing else is disallowed");
    ///     assert_eq!(call.to_string(), "clock_nanosleep (sleep, 2 ms)");
    ///     assert_eq!(call.class(), qadapt::Calls::SLEEP);
    /// });
    /// qadapt::no_blocking(|| std::thread::sleep(Duration::from_millis(2)));
    /// ```
    #[must_use]
    pub fn system_call(&self) -> Option<SystemCall> {
        (self.op == Op::SystemCall).then(|| SystemCall::unpacked(self.size, self.old_size))
    }

    /// Bytes that the first of the violations asked for, or gave back; 0 for a system call.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.size(), 8);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn size(&self) -> usize {
        if self.op == Op::SystemCall { 0 } else { self.size }
    }

    /// Bytes that the block had before the first of the violations, for a reallocation; otherwise 0.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let mut list = black_box(vec![7_u64]);
    /// qadapt::assert_no_alloc(|| list.reserve_exact(1));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!((violation.old_size(), violation.size()), (8, 16));
    /// # }
    /// # drop(list);
    /// ```
    #[must_use]
    pub fn old_size(&self) -> usize {
        if self.op == Op::SystemCall { 0 } else { self.old_size }
    }

    /// The alignment that the first of the violations asked for, in bytes.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.align(), align_of::<u64>());
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn align(&self) -> usize {
        self.align
    }

    /// How often it happened between the region's entry and its end.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let three = black_box(3);
    /// qadapt::assert_no_alloc(|| (0..three).for_each(|_| drop(black_box(Box::new(7_u64)))));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.times(), 3);
    /// # }
    /// ```
    #[must_use]
    pub fn times(&self) -> u64 {
        self.times
    }

    /// The region's name, if it has one.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let policy = qadapt::Policy::new().name("mixer");
    /// let boxed = policy.run(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.region(), Some("mixer"));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The poll in which it happened, counted from 1, where the region is a future.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// # use qadapt::GuardExt as _;
    /// # use std::{pin::pin, task::{Context, Waker}};
    /// let future = async { drop(black_box(Box::new(7_u64))) }.no_alloc();
    /// # assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready());
    /// // future.await
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.poll(), Some(1));
    /// # }
    /// ```
    #[must_use]
    pub fn poll(&self) -> Option<u32> {
        self.place.map(|place| place.poll).filter(|&poll| poll > 0)
    }

    /// Where the region was entered; `None` if it was never closed, and that is all that is known of it.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let line = line!() + 1;
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.entered().map(|place| place.line()), Some(line));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn entered(&self) -> Option<&'static Location<'static>> {
        self.place.map(|place| place.location)
    }

    /// What the violation did: the most severe of the modes that were open.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.mode(), qadapt::Mode::Log);
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// True if the operation was allowed, and only the region's [budget](crate::Budget) was used up.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let policy = qadapt::Policy::new().budget(qadapt::Budget::new().bytes(64));
    /// let text = policy.run(|| black_box(String::with_capacity(65)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.is_over_budget());
    /// # }
    /// # drop(text);
    /// ```
    #[must_use]
    pub fn is_over_budget(&self) -> bool {
        self.cause == Cause::OverBudget
    }

    /// True if it happened on another thread, to which the region's policy was [lent](crate::PolicyToken).
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// qadapt::assert_no_alloc(|| {
    ///     let token = qadapt::Policy::current();
    ///     let work = move || token.run(|| drop(black_box(Box::new(1))));
    ///     qadapt::permit_alloc(|| std::thread::spawn(work).join().expect("it does not panic"));
    /// });
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.is_lent());
    /// # }
    /// ```
    #[must_use]
    pub fn is_lent(&self) -> bool {
        self.lent
    }

    /// The allocation function of C's that was called, such as `malloc`; `None` for Rust's allocator, and where the call stack could
    /// not be recorded. C's are watched in programs that link `qadapt-malloc`.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert_eq!(violation.c_function(), None); // Rust's allocator was called
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn c_function(&self) -> Option<&str> {
        self.stack.c().map(|way| way.function)
    }

    /// The call stack from the allocator outwards, as far as it was recorded (32 return addresses) and up to `main` unless
    /// `QADAPT_BACKTRACE=full`. Empty where it could not be recorded.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// qadapt::set_mode(qadapt::Mode::Log);
    /// qadapt::set_violation_hook(|violation| {
    ///     let own = violation.frames().filter(|frame| !frame.is_internal());
    ///     let functions: Vec<&str> = own.filter_map(|frame| frame.function()).collect();
    ///     assert!(!violation.is_over_budget() && !violation.is_lent());
    ///     println!("{:?} in {}", violation.mode(), functions.join(" < "));
    /// });
    /// qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1))));
    /// ```
    pub fn frames(&self) -> impl Iterator<Item = StackFrame<'_>> {
        self.stack.frames()
    }

    /// The first line of the user's own code on the stack, if the program has debug information.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// if let Some(site) = violation.site() {
    ///     println!("{site}");
    ///     assert!(site.line() > 0);
    /// }
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn site(&self) -> Option<Site<'_>> {
        self.stack.site()
    }

    /// What to do instead, if the call stack shows a known habit.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// qadapt::set_mode(qadapt::Mode::Log);
    /// qadapt::set_violation_hook(|violation| {
    ///     if let Some(advice) = violation.advice() {
    ///         println!("{}: {advice}", advice.id());
    ///     }
    /// });
    /// let mut name = String::with_capacity(8);
    /// qadapt::assert_no_alloc(|| name.push_str("longer than eight"));
    /// ```
    #[must_use]
    pub fn advice(&self) -> Option<Advice> {
        self.stack.advice(self.op.for_advice(), self.size, self.old_size)
    }
}
