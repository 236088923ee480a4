//! Functions that only a nightly compiler takes.
#![feature(gen_blocks, type_alias_impl_trait)]

#[qadapt::no_alloc]
pub gen fn count() -> u8 {
    yield 1;
}

#[qadapt::no_alloc]
pub async gen fn count_later() -> u8 {
    yield 1;
}

pub type Small = impl Copy;

#[qadapt::no_alloc]
#[define_opaque(Small)]
pub fn small() -> Small {
    5_u8
}

pub fn sum() -> u8 {
    let _small: (Small, Small) = (small(), small());
    count().sum()
}
