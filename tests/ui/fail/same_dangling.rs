//! A returned reference to an argument.

use qadapt::no_alloc;

#[no_alloc]
fn local(x: String) -> &'static str {
    &x
}

#[no_alloc]
fn shorter<'a>(x: &'a str, y: &str) -> &'a str {
    if x.is_empty() { y } else { x }
}

#[no_alloc]
fn not_static(x: &str) -> &'static str {
    x
}

fn main() {}
