//! Runs every region over many inputs and prints `name expectation smallest-count largest-count frees` for each.

#[macro_use]
mod measure;
mod chosen;
mod count;
mod hot;
mod regions;
mod shown;
mod swapped;

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    for (group, cases) in [
        ("regions", regions::all()),
        ("chosen", chosen::all()),
        ("shown", shown::all()),
        ("swapped", swapped::all()),
        ("hot", hot::all()),
    ] {
        for case in cases {
            let seen = (case.run)();
            println!(
                "{group}::{} {:?} {} {} {}",
                case.name, case.expect, seen.fewest, seen.most, seen.frees
            );
        }
    }
}
