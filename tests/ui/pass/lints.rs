//! The attribute raises no lint of its own, and keeps the expectations of the user's fulfilled.

#![deny(warnings, unused, let_underscore_drop, single_use_lifetimes, unused_qualifications, unused_results)]
#![deny(unit_bindings, unreachable_pub, elided_lifetimes_in_paths, missing_docs, trivial_casts)]

use std::sync::{Mutex, MutexGuard};

use qadapt::no_alloc;

#[expect(unused_variables)]
#[no_alloc]
fn unused_variable(x: u32) {}

#[expect(unused_mut)]
#[no_alloc]
fn unused_mut(mut x: u32) -> u32 {
    x
}

#[expect(dead_code)]
#[no_alloc]
fn dead_code() {}

#[expect(unreachable_code)]
#[no_alloc]
fn unreachable_code() -> u32 {
    return 1;
    2
}

#[expect(unreachable_code)]
#[no_alloc]
async fn unreachable_later() -> u32 {
    return 1;
    2
}

#[expect(non_snake_case)]
#[no_alloc]
fn nonSnakeCase(Argument: u32) -> u32 {
    Argument
}

#[expect(unused_must_use)]
#[no_alloc]
fn unused_result() {
    Ok::<u32, u32>(1);
}

struct Held(Mutex<u32>);

impl Held {
    #[expect(unused_mut)]
    #[no_alloc]
    fn unused_mut_self(mut self) -> u32 {
        self.0.into_inner().unwrap_or(0)
    }

    #[no_alloc]
    fn locked(&self) -> Option<MutexGuard<'_, u32>> {
        self.0.lock().ok()
    }
}

#[no_alloc]
fn lock_is_dropped(_: MutexGuard<'_, u32>, _held: MutexGuard<'_, u32>) {}

// In one line: only there braces count as idle.
#[no_alloc]
fn one() -> u32 { 1 }

#[no_alloc]
fn one_with(x: u32) -> u32 { x }

#[no_alloc]
async fn one_later(x: u32) -> u32 { x }

fn main() {
    unused_variable(1);
    assert_eq!(unused_mut(1) + unreachable_code() + nonSnakeCase(1) + one() + one_with(1), 5);
    unused_result();
    drop((unreachable_later(), one_later(1)));
    let held = Held(Mutex::new(1));
    assert!(held.locked().is_some());
    assert_eq!(held.unused_mut_self(), 1);
    let _ = lock_is_dropped;
}
