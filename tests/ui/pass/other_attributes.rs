//! Attributes of the function, of its parameters and of its body keep their meaning.

#![deny(warnings)]

use qadapt::no_alloc;

/// Documented.
#[no_alloc]
#[inline]
#[must_use = "reasons"]
#[doc(alias = "other")]
fn kept(x: u32) -> u32 {
    x
}

#[inline(always)]
#[no_alloc]
#[cold]
fn order_does_not_matter() {}

#[no_alloc]
#[cfg(any())]
fn absent() -> Missing {}

#[no_alloc]
#[cfg_attr(all(), expect(unused_variables))]
fn expected_on_the_function(x: u32) {}

#[no_alloc]
fn expected_on_a_parameter(#[expect(unused_variables)] x: u32, #[allow(unused_mut)] mut y: u32) -> u32 {
    y
}

#[no_alloc]
fn expected_in_the_body(x: u32) {
    #![expect(unused_variables)]
}

#[no_alloc]
fn chosen(#[cfg(any())] x: Missing, #[cfg(all())] x: u32, #[cfg_attr(all(), cfg(any()))] y: Missing) -> u32 {
    x
}

#[no_alloc]
#[deprecated]
fn old() {}

#[no_alloc]
#[track_caller]
fn tracked() -> u32 {
    std::panic::Location::caller().line()
}

#[cfg(target_arch = "x86_64")]
#[no_alloc]
#[target_feature(enable = "avx2")]
fn wide(x: std::arch::x86_64::__m256i) -> std::arch::x86_64::__m256i {
    std::arch::x86_64::_mm256_add_epi64(x, x)
}

#[no_alloc]
#[test]
fn tested() {}

fn main() {
    assert_eq!(kept(1), 1);
    order_does_not_matter();
    expected_on_the_function(1);
    expected_in_the_body(1);
    assert_eq!((expected_on_a_parameter(1, 2), chosen(3)), (2, 3));
    #[expect(deprecated)]
    old();
    assert_ne!(tracked(), 0);
    #[cfg(target_arch = "x86_64")]
    let _ = wide;
}
