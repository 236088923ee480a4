//! Regions that format values which give their `Formatter` another writer. All allocate: that writer does.

use std::fmt::{Debug, Formatter, Result, Write as _};
use std::sync::atomic::Ordering;

use crate::regions::Stack;
use crate::shown::{OTHER, Three, keep_other, stack};

const ALL: usize = crate::measure::INPUTS;

/// Gives a `Formatter` the writer of the one that `keep_other` has made, and that one its own.
#[inline(never)]
fn swaps(f: &mut Formatter<'_>) {
    let other = OTHER.load(Ordering::Relaxed).cast::<[usize; 2]>();
    if !other.is_null() {
        // SAFETY: both begin with a writer, and whoever calls this calls it once more before either is gone.
        unsafe { std::ptr::swap(std::ptr::from_mut(f).cast(), other) };
    }
}

/// Writes to another writer.
pub struct Swapped(usize);

impl Debug for Swapped {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        swaps(f);
        let result = f.write_str(if self.0 > 40 { "many" } else { "few" });
        swaps(f);
        result
    }
}

/// The same without a call.
pub struct SwappedHere(usize);

impl Debug for SwappedHere {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let other = OTHER.load(Ordering::Relaxed).cast::<[usize; 2]>();
        // SAFETY: `keep_other` has made it; both begin with a writer, and each gets its own back below.
        unsafe { std::ptr::swap(std::ptr::from_mut(f).cast(), other) };
        let result = f.write_str(if self.0 > 40 { "many" } else { "few" });
        // SAFETY: the same.
        unsafe { std::ptr::swap(std::ptr::from_mut(f).cast(), other) };
        result
    }
}

/// Makes whatever is formatted after it write to another writer.
#[derive(Clone, Copy)]
pub struct Swap;

impl Debug for Swap {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        swaps(f);
        Ok(())
    }
}

/// The same through an address that may be another one.
#[derive(Clone, Copy)]
pub struct SwapEither(usize);

impl Debug for SwapEither {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let other = OTHER.load(Ordering::Relaxed).cast::<[usize; 2]>();
        let one = if self.0 > 1 << 40 { other } else { std::ptr::from_mut(f).cast() };
        // SAFETY: as in `swaps`; one may be the other.
        unsafe { std::ptr::swap(one, other) };
        Ok(())
    }
}

/// The same where that address comes from a call on one of two ways.
#[derive(Clone, Copy)]
pub struct SwapMerged(usize);

#[inline(never)]
fn picked(other: *mut [usize; 2]) -> *mut [usize; 2] {
    std::hint::black_box(other)
}

impl Debug for SwapMerged {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let other = OTHER.load(Ordering::Relaxed).cast::<[usize; 2]>();
        let one = if self.0 > 1 << 40 { picked(other) } else { std::ptr::from_mut(f).cast() };
        // SAFETY: as in `swaps`; one may be the other.
        unsafe { std::ptr::swap(one, other) };
        Ok(())
    }
}

/// Formats something between two of these.
pub struct Between(usize);

impl Debug for Between {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_list().entry(&Swap).entry(&self.0).entry(&Swap).finish()
    }
}

cases! {
    loud_called, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Swapped(i)); s.len() };
    loud_here, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", SwappedHere(i)); s.len() };
    loud_between, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Between(i)); s.len() };
    loud_fields, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Three { first: Swap, second: i, third: Swap }); s.len() };
    loud_either, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Three { first: SwapEither(i), second: i, third: SwapEither(i) }); s.len() };
    loud_merged, Some, ALL, |i| { keep_other(); stack() } => Stack, |s| { let _ = write!(s, "{:?}", Three { first: SwapMerged(i), second: i, third: SwapMerged(i) }); s.len() };
}
