//! Functions that a macro writes all have the place of its call: each is counted by its name.
// expect: exit 0
// expect: times 1 `written::one::boxed` called 2 times at tests/src/bin/written.rs:{call}:
// expect: times 1 `written::two::boxed` called once at tests/src/bin/written.rs:{call}:

use qadapt::QADAPT;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

macro_rules! modules {
    ($($name:ident)*) => { $(
        mod $name {
            #[qadapt::count_alloc]
            pub(crate) fn boxed() {
                drop(std::hint::black_box(Box::new(1)));
            }
        }
    )* };
}

modules!(one two); // here: call

fn main() {
    for boxed in [one::boxed, two::boxed, one::boxed] as [fn(); 3] {
        boxed();
    }
}
