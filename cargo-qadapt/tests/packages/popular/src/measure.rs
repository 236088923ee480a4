//! One region: what it works on, what it does, and what is known of it.

/// What is known of a region by construction, over all states that its types allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It neither allocates nor frees.
    Never,
    /// It allocates or frees on some path.
    Some,
}

/// One region with its runner, which counts the allocations and the frees.
pub struct Case {
    pub name: &'static str,
    pub expect: Expect,
    pub run: fn() -> (u64, u64),
}

/// How often every region is entered.
pub const INPUTS: usize = 24;

/// Declares regions: `name, expectation, state => type of the state, |state, number of the run| body;`.
#[macro_export]
macro_rules! cases {
    ($($name:ident, $expect:ident, $setup:expr => $ty:ty, |$x:ident, $i:ident| $body:expr;)*) => {
        $(pub mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[qadapt::no_alloc]
            pub fn region($x: &mut $ty, $i: usize) -> usize {
                let _ = (&$x, $i);
                $body
            }
            pub fn run() -> (u64, u64) {
                let mut state: $ty = $setup;
                let (mut allocs, mut frees) = (0, 0);
                for input in 0..$crate::measure::INPUTS {
                    let (state, input) = std::hint::black_box((&mut state, input));
                    let (counts, _) = qadapt::count_alloc(|| {
                        std::hint::black_box(region(state, input))
                    });
                    allocs += counts.allocs().get().expect("measured") + counts.reallocs().get().expect("measured");
                    frees += counts.deallocs().get().expect("measured");
                }
                (allocs, frees)
            }
        })*
        pub fn all() -> Vec<$crate::measure::Case> {
            vec![$($crate::measure::Case {
                name: stringify!($name),
                expect: $crate::measure::Expect::$expect,
                run: $name::run,
            }),*]
        }
    };
}
