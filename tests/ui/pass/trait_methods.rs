//! Default methods of traits, and methods of their impls.

use qadapt::{allocate_panic, no_alloc};

trait Voice {
    type Sample: Copy;
    const CHANNELS: usize;

    #[no_alloc]
    fn channels(&self) -> usize {
        Self::CHANNELS
    }

    #[no_alloc]
    fn samples(&self) -> impl Iterator<Item = Self::Sample> {
        (0..Self::CHANNELS).map(|index| self.sample(index))
    }

    fn sample(&self, index: usize) -> Self::Sample;
}

struct Sine(f32);

impl Voice for Sine {
    type Sample = f32;
    const CHANNELS: usize = 2;

    #[allocate_panic]
    fn sample(&self, _: usize) -> Self::Sample {
        self.0
    }
}

fn main() {
    let voice = Sine(0.5);
    assert_eq!((voice.channels(), voice.samples().count()), (2, 2));
}
