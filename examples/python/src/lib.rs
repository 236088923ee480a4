//! A module for Python: the median of the last prices, which must not allocate for each price.
//!
//! The Python program (`median.py`) has no guard. This module brings one, which watches the module's own regions. Nothing catches a
//! panic there, so that violations are logged.
#![expect(unsafe_code, reason = "names for the loader")]

use qadapt::{Mode, QADAPT};

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// The last prices, in a ring.
#[derive(Debug)]
pub struct Window {
    prices: Vec<f64>,
    at: usize,
    /// Room to sort them; none in a careless window.
    sorted: Option<Vec<f64>>,
}

/// Makes a window of so many prices.
#[unsafe(no_mangle)]
pub extern "C" fn rolling_new(size: usize, is_careless: bool) -> *mut Window {
    qadapt::set_mode(Mode::Log);
    let size = size.max(1);
    let sorted = (!is_careless).then(|| vec![0.0; size]);
    Box::into_raw(Box::new(Window { prices: vec![0.0; size], at: 0, sorted }))
}

/// Takes a price in and gives the median of those that are in the window.
///
/// # Safety
/// The window is `rolling_new`'s, and nobody else uses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rolling_push(window: *mut Window, price: f64) -> f64 {
    // SAFETY: the caller's promise.
    unsafe { &mut *window }.push(price)
}

/// Ends a window.
///
/// # Safety
/// It is `rolling_new`'s, and nobody uses it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rolling_free(window: *mut Window) {
    // SAFETY: the caller's promise.
    drop(unsafe { Box::from_raw(window) });
}

/// This thread's violations so far; -1 where the module was built without checks.
#[unsafe(no_mangle)]
pub extern "C" fn rolling_violations() -> i64 {
    if qadapt::is_active() { qadapt::violations().cast_signed() } else { -1 }
}

impl Window {
    #[qadapt::allocate_panic]
    fn push(&mut self, price: f64) -> f64 {
        if let Some(oldest) = self.prices.get_mut(self.at) {
            *oldest = price;
        }
        self.at = (self.at + 1) % self.prices.len();
        match &mut self.sorted {
            Some(sorted) => {
                sorted.copy_from_slice(&self.prices);
                middle(sorted)
            }
            None => middle(&mut self.prices.clone()),
        }
    }
}

/// The middle one of some prices, which are sorted in place.
fn middle(prices: &mut [f64]) -> f64 {
    prices.sort_unstable_by(f64::total_cmp);
    prices.get(prices.len() / 2).copied().unwrap_or_default()
}
