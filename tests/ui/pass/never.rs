//! `-> !`, and bodies that never end.

#![deny(warnings)]

use qadapt::no_alloc;

#[no_alloc]
fn stop(code: i32) -> ! {
    std::process::exit(code)
}

#[no_alloc]
fn turn(_: &mut u32) -> ! {
    loop {}
}

#[no_alloc]
async fn stop_later(code: i32) -> ! {
    std::process::exit(code)
}

#[no_alloc]
fn planned(_x: u32) -> u32 {
    panic!("not yet")
}

#[no_alloc]
async fn planned_later(_x: u32) -> u32 {
    panic!("not yet")
}

#[no_alloc]
fn impossible(x: std::convert::Infallible) -> u32 {
    match x {}
}

#[no_alloc]
async fn impossible_later(x: std::convert::Infallible) -> std::convert::Infallible {
    x
}

fn main() {
    let _: (fn(&mut u32) -> !, fn(u32) -> u32) = (turn, planned);
    let _: fn(std::convert::Infallible) -> u32 = impossible;
    drop((stop_later(1), planned_later(1)));
    let _ = impossible_later;
    stop(0);
}
