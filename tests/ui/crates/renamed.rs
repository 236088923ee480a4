//! The guard under another name, given by `crate = path`.

#![deny(warnings)]

use renamed::{allocate_panic, no_alloc, permit_alloc};

#[allocate_panic(crate = ::renamed, name = "plain")]
pub fn plain(x: u32) -> u32 {
    x
}

#[no_alloc(crate = renamed)]
pub async fn later(x: u32) -> u32 {
    x
}

#[permit_alloc(crate = ::renamed)]
pub fn permitted(x: u32) -> u32 {
    x
}

#[permit_alloc(crate = ::renamed)]
pub async fn permitted_later(x: u32) -> u32 {
    x
}
