//! Type, lifetime and const parameters, bounds, and `impl Trait` in an argument.

use qadapt::no_alloc;

#[no_alloc]
fn dot<'a, T, const N: usize>(left: &'a [T; N], right: &'a [T; N], zero: T) -> T
where
    T: Copy + std::ops::Mul<Output = T> + std::ops::Add<Output = T> + 'a,
{
    left.iter().zip(right).fold(zero, |sum, (&l, &r)| sum + l * r)
}

#[no_alloc]
fn applied(mut to: impl FnMut(&mut f32), sample: &mut f32) {
    to(sample);
}

#[no_alloc]
fn unsized_pointee<T: ?Sized + AsRef<str>>(text: &T) -> usize {
    text.as_ref().len()
}

struct Ring<T, const N: usize>([T; N]);

impl<T: Copy, const N: usize> Ring<T, N> {
    #[no_alloc]
    fn get<I: Into<usize>>(&self, index: I) -> T {
        self.0[index.into() % N]
    }
}

fn main() {
    assert_eq!(dot(&[1, 2], &[3, 4], 0), 11);
    let mut sample = 1.0;
    applied(|sample| *sample *= 2.0, &mut sample);
    assert_eq!(sample, 2.0);
    assert_eq!(unsized_pointee("abc"), 3);
    assert_eq!(Ring([1, 2, 3]).get(4_u8), 2);
}
