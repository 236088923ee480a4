//! Regions that format with `{:?}`, `{:#?}` and the builders of `core::fmt`, into writers that allocate and that do not.

use std::fmt::{Debug, DebugList, Formatter, Result, Write as _, from_fn};
use std::hint::black_box;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::regions::{LoudChar, LoudText, Stack};

const ALL: usize = crate::measure::INPUTS;

/// Allocates where it is formatted.
#[derive(Clone, Copy)]
pub struct Loud(usize);

impl Debug for Loud {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(&black_box(self.0.to_string()))
    }
}

/// Allocates where it is formatted with `{:#?}`.
#[derive(Clone, Copy)]
pub struct LoudPretty(usize);

impl Debug for LoudPretty {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if f.alternate() { Loud(self.0).fmt(f) } else { f.write_str("quiet") }
    }
}

#[derive(Clone, Copy, Debug)]
pub struct One<T>(T);

#[derive(Clone, Copy, Debug)]
pub struct Pair<A, B>(A, B);

#[derive(Clone, Copy, Debug)]
pub struct Named<T> {
    first: T,
}

#[derive(Clone, Copy, Debug)]
pub struct Three<A, B, C> {
    pub(crate) first: A,
    pub(crate) second: B,
    pub(crate) third: C,
}

#[derive(Clone, Copy, Debug)]
pub struct Six<T> {
    a: usize,
    b: i32,
    c: u8,
    d: i64,
    e: bool,
    f: T,
}

#[derive(Clone, Copy, Debug)]
pub enum Kind<T> {
    Empty,
    Full(T),
    Named { value: T, number: usize },
}

fn kind<T>(i: usize, value: T) -> Kind<T> {
    match i % 3 {
        0 => Kind::Empty,
        1 => Kind::Full(value),
        _ => Kind::Named { value, number: i },
    }
}

/// Uses the builders by hand.
#[derive(Clone, Copy)]
pub struct ByHand<T>(usize, T);

impl<T: Debug> Debug for ByHand<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("ByHand").field("number", &self.0).field("value", &self.1).finish()
    }
}

pub struct Mapped<T>(usize, T);

impl<T: Debug> Debug for Mapped<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_map().entry(&self.0, &self.1).key(&1u8).value(&self.1).finish()
    }
}

/// Gives its builder to a function that adds to it.
pub struct Extended(usize);

impl Debug for Extended {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut list = f.debug_list();
        list.entry(&self.0);
        adds_loud(&mut list, self.0);
        list.entry(&self.0).finish()
    }
}

#[inline(never)]
fn adds_loud(list: &mut DebugList<'_, '_>, i: usize) {
    black_box(list).entry(&Loud(i));
}

/// A value of which the code does not tell what it is.
pub struct Hidden(usize);

impl Debug for Hidden {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let value: &dyn Debug = if self.0 > 40 { &Loud(3) } else { &1u8 };
        f.debug_tuple("Hidden").field(&self.0).field(black_box(value)).finish()
    }
}

/// Has its builder replaced by one with another writer.
pub struct Replaced(usize);

/// A `Formatter` of a writer that allocates, which is never freed.
pub(crate) static OTHER: AtomicPtr<Formatter<'static>> = AtomicPtr::new(std::ptr::null_mut());

pub(crate) fn keep_other() {
    let writer: &'static mut LoudText = Box::leak(Box::new(LoudText::default()));
    let _ = write!(writer, "{:?}", from_fn(|f| {
        // SAFETY: the writer is never freed, nobody else uses it from now on, and options are plain numbers.
        let copy = unsafe { std::mem::transmute_copy::<Formatter<'_>, Formatter<'static>>(f) };
        OTHER.store(Box::leak(Box::new(copy)), Ordering::Relaxed);
        Ok(())
    }));
}

#[inline(never)]
fn replaces(list: &mut DebugList<'_, '_>) {
    // SAFETY: `keep_other` has made it, and one thread runs all regions, one after the other.
    let other = unsafe { OTHER.load(Ordering::Relaxed).as_mut() };
    if let Some(other) = other {
        let mut builder = other.debug_list();
        // SAFETY: both are builders; what the other one borrows lives for ever.
        unsafe { std::ptr::swap((&raw mut builder).cast::<[usize; 2]>(), std::ptr::from_mut(list).cast()) };
    }
}

impl Debug for Replaced {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut list = f.debug_list();
        list.entry(&self.0);
        replaces(&mut list);
        list.entry(&self.0).finish()
    }
}

pub(crate) fn stack() -> Stack {
    Stack::default()
}

cases! {
    quiet_tuple, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", One(i)); s.len() };
    quiet_pair, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Pair(i, i as u8)); s.len() };
    quiet_struct, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Named { first: i }); s.len() };
    quiet_three, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Three { first: i, second: i as i32, third: i as u8 }); s.len() };
    quiet_six, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Six { a: i, b: 1, c: 2, d: 3, e: i > 3, f: i }); s.len() };
    quiet_kind, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", kind(i, i as u16)); s.len() };
    quiet_option, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", (i > 3).then_some(i)); s.len() };
    quiet_nested, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Named { first: Pair(One(i), kind(i, i)) }); s.len() };
    quiet_pretty, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:#?}", Named { first: Pair(i, i) }); s.len() };
    quiet_array, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", [i; 3]); s.len() };
    quiet_slice, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:x?}", black_box(&[1u8, 2][..])); s.len() };
    quiet_by_hand, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", ByHand(i, One(i))); s.len() };
    quiet_map, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Mapped(i, One(i))); s.len() };
    quiet_text, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?} {:>7}", black_box("text"), black_box("x")); s.len() };
    quiet_float, Never, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{} {:.2} {:8.3e}", i as f64, i as f32, i as f64); s.len() };
    quiet_unless_pretty, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", One(LoudPretty(i))); s.len() + usize::from(i > 40 && write!(s, "{:#?}", One(LoudPretty(i))).is_ok()) };
    loud_tuple, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", One(Loud(i))); s.len() };
    loud_second, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Pair(i, Loud(i))); s.len() };
    loud_struct, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Named { first: Loud(i) }); s.len() };
    loud_first_of_three, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Three { first: Loud(i), second: i, third: i }); s.len() };
    loud_third, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Three { first: i, second: i, third: Loud(i) }); s.len() };
    loud_sixth, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Six { a: i, b: 1, c: 2, d: 3, e: i > 3, f: Loud(i) }); s.len() };
    loud_kind, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", kind(i, Loud(i))); s.len() };
    loud_option, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", (i > 3).then_some(Loud(i))); s.len() };
    loud_nested, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Named { first: Pair(One(i), kind(i, Loud(i))) }); s.len() };
    loud_array, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", [Loud(i); 3]); s.len() };
    loud_by_hand, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", ByHand(i, Loud(i))); s.len() };
    loud_map, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Mapped(i, Loud(i))); s.len() };
    loud_hidden, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Hidden(i)); s.len() };
    loud_extended, Some, ALL, |i| stack() => Stack, |s| { let _ = write!(s, "{:?}", Extended(i)); s.len() };
    loud_replaced, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Replaced(i)); s.len() };
    loud_writer, Some, ALL, |i| LoudText::default() => LoudText, |s| { let _ = write!(s, "{:?}", One(i)); s.len() };
    loud_writer_of_list, Some, ALL, |i| LoudText::default() => LoudText, |s| { let _ = write!(s, "{:?}", [i; 3]); s.len() };
    loud_writer_pretty, Some, ALL, |i| LoudText::default() => LoudText, |s| { let _ = write!(s, "{:#?}", Named { first: i }); s.len() };
    loud_char, Some, ALL, |i| LoudChar::default() => LoudChar, |s| { let _ = write!(s, "{:?}", One('x')); s.len() };
    loud_char_pretty, Some, ALL, |i| LoudChar::default() => LoudChar, |s| { let _ = write!(s, "{:#?}", Named { first: black_box('x') }); s.len() };
    loud_char_in_a_float, Some, ALL, |i| LoudChar::default() => LoudChar, |s| { let _ = write!(s, "{:>9.2}", i as f64 / 3.0); s.len() };
}
