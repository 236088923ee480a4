//! The options, in any order and with a trailing comma.

use qadapt::{allocate_panic, no_alloc, permit_alloc};

mod renamed {
    pub(crate) use qadapt as guard;
}

mod inner {
    #[super::no_alloc(crate = super::renamed::guard, name = r"in a raw string")]
    pub(super) fn from_super() {}
}

#[allocate_panic()]
fn empty() {}

#[allocate_panic(name = "mixer: left",)]
fn named() {}

#[no_alloc(crate = crate::renamed::guard)]
fn from_crate() {}

#[no_alloc(crate = ::qadapt)]
fn absolute() {}

#[permit_alloc(crate = self::renamed::guard,)]
async fn permitted() {}

fn main() {
    empty();
    named();
    from_crate();
    absolute();
    inner::from_super();
    drop(permitted());
}
