//! `impl Trait` as the return type, also inside `Result` with `?`, and closures that are returned.

use qadapt::no_alloc;

#[no_alloc]
fn halves(samples: &[f32]) -> impl Iterator<Item = f32> {
    samples.iter().map(|sample| sample / 2.0)
}

#[no_alloc]
fn numbers(text: &str) -> Result<impl Iterator<Item = u8> + use<>, std::num::ParseIntError> {
    let end = text.trim().parse::<u8>()?;
    Ok(0..end)
}

#[no_alloc]
fn either(first: bool) -> Option<(impl Fn(u32) -> u32, impl Copy)> {
    if !first {
        return None;
    }
    Some((|x| x + 1, 5_u8))
}

#[no_alloc]
fn scaled(by: u32) -> impl Fn(u32) -> u32 {
    move |x| x * by
}

#[no_alloc]
fn borrowing<'a>(text: &'a str) -> impl Fn(usize) -> &'a str {
    move |from| &text[from..]
}

fn main() {
    assert!(halves(&[2.0]).eq([1.0]));
    assert!(numbers("2").is_ok_and(|numbers| numbers.eq([0, 1])) && numbers("").is_err());
    assert!(either(false).is_none() && either(true).is_some_and(|(next, _)| next(1) == 2));
    assert_eq!((scaled(3)(4), borrowing("abc")(1)), (12, "bc"));
}
