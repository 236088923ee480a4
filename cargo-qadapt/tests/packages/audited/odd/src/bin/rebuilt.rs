//! Runs until its input ends, so that others can take its place on the disk meanwhile.

use std::io::Read as _;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    qadapt::assert_no_alloc(|| drop(std::hint::black_box(Box::new(1_u64))));
    // Whoever waits for the program to run looks for this line.
    println!("running");
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}
