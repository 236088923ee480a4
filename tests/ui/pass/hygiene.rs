//! Names of the user's that the expansion might use, and names that it might hide.

#![deny(warnings)]

use qadapt::no_alloc;

#[expect(dead_code)]
struct Option;

mod core {}

#[expect(dead_code)]
fn place() {}

#[expect(unused_macros)]
macro_rules! concat {
    ($($anything:tt)*) => {
        compile_error!("the user's own macro")
    };
}

#[expect(unused_macros)]
macro_rules! module_path {
    () => {
        concat!()
    };
}

#[no_alloc]
fn arguments(arg_1: u32, (arg_2, _): (u32, u32), _: u32, never: u32, body: u32) -> u32 {
    arg_1 + arg_2 + never + body
}

#[no_alloc]
async fn future(never: u32, (_, arg_1): (u32, u32)) -> u32 {
    never + arg_1
}

/// Two arguments of one spelling, one of them the macro's own.
macro_rules! added {
    ($name:ident, $vis:vis, $argument:ident, $ty:ty, $body:expr) => {
        #[no_alloc]
        $vis fn $name(x: $ty, $argument: $ty) -> $ty {
            let sum: $ty = $body;
            sum * 10 + x
        }
    };
}

added!(from_macro, pub(crate), x, u32, x + 1);

macro_rules! blocks {
    ($(#[$meta:meta])* $name:ident $body:block) => {
        #[no_alloc]
        $(#[$meta])*
        fn $name() -> u32 $body
    };
}

blocks! {
    #[inline]
    from_block { 7 }
}

macro_rules! items {
    ($item:item) => {
        #[no_alloc]
        $item
    };
}

items! {
    fn from_item(x: u32) -> u32 { x }
}

struct Wrapped(u32);

macro_rules! methods {
    ($self_:ident, $body:expr) => {
        impl Wrapped {
            #[no_alloc]
            fn method(&$self_) -> u32 {
                $body
            }
        }
    };
}

methods!(self, self.0);

fn main() {
    assert_eq!(arguments(1, (2, 0), 0, 3, 4), 10);
    assert_eq!((from_macro(5, 1), from_block(), from_item(3)), (25, 7, 3));
    assert_eq!(Wrapped(4).method(), 4);
    drop(future(1, (2, 3)));
}
