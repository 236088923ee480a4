//! One of the kinds under RealtimeSanitizer, which ends the process where it catches it.
#![feature(sanitize)]

#[path = "kinds.rs"]
mod kinds;

#[sanitize(realtime = "nonblocking")]
fn region(body: &mut dyn FnMut()) {
    body();
}

fn main() {
    let kind = std::env::args().nth(1).expect("a kind");
    assert!(kinds::NAMES.contains(&kind.as_str()));
    kinds::act(&kind, &mut |body| region(body));
    println!("not caught");
}
