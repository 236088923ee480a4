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
}
