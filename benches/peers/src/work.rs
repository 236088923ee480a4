//! What every allocator has to do.

use std::collections::HashMap;
use std::hint::black_box;

use serde_json::{Value, json};

/// An allocation of 64 bytes and its deallocation: a *pair*.
#[inline(always)]
pub fn pair() {
    // Not zeros, for which the compiler asks otherwise.
    black_box(Box::new([7_u8; 64]));
}

pub(crate) fn pairs(turns: u64) {
    for _ in 0..turns {
        pair();
    }
}

pub(crate) fn pairs_on_two_threads(turns: u64) {
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| pairs(turns / 2));
        }
    });
}

/// A vector that grows from nothing to 1,000 numbers.
pub(crate) fn growth(turns: u64) {
    for _ in 0..turns {
        let mut numbers = Vec::new();
        for number in 0..1000_u32 {
            black_box(&mut numbers).push(number);
        }
        black_box(numbers);
    }
}

/// 64 MiB of zeros, of which nothing is touched.
pub(crate) fn zeros(turns: u64) {
    for _ in 0..turns {
        black_box(vec![0_u8; 64 << 20]);
    }
}

/// A map of 100 words.
pub(crate) fn words(turns: u64) {
    for _ in 0..turns {
        let map: HashMap<u32, String> = (0..100).map(|number| (number, format!("word {number}"))).collect();
        black_box(map);
    }
}

/// A text of 20 records is parsed, and written again.
pub(crate) fn json(turns: u64) {
    let records: Vec<_> = (0..20)
        .map(|number| json!({ "name": format!("word {number}"), "numbers": [number, 2, 3] }))
        .collect();
    let text = Value::from(records).to_string();
    for _ in 0..turns {
        let parsed: Value = serde_json::from_str(black_box(&text)).expect("it was written so");
        black_box(parsed.to_string());
    }
}

/// A low-pass filter of one pole, as an audio callback has it.
#[derive(Debug, Default)]
pub struct Filter {
    last: f32,
}

impl Filter {
    /// Filters a block of samples where they lie.
    #[inline]
    pub fn process(&mut self, block: &mut [f32]) {
        for sample in block {
            self.last += 0.2 * (*sample - self.last);
            *sample = self.last;
        }
    }
}

/// Calls back with a block of 64 samples, so many times.
#[inline]
pub fn callbacks(turns: u64, call: impl Fn(&mut Filter, &mut [f32])) {
    let mut filter = Filter::default();
    let mut block = [0.5; 64];
    for _ in 0..turns {
        call(&mut filter, black_box(&mut block));
    }
}

/// The same with nothing round it.
pub(crate) fn bare_callbacks(turns: u64) {
    callbacks(turns, Filter::process);
}
