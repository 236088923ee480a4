//! A hot function with a hidden allocation, and the report that finds it. The first four prices fit the memory that
//! `main` set aside; the fifth does not: `cargo run -p quickstart`.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// Called for every price, and so must not allocate.
#[qadapt::allocate_panic]
fn on_price(price: f64, history: &mut Vec<f64>) -> f64 {
    history.push(price); // free, as long as there is room
    history.iter().copied().fold(price, f64::max)
}

fn main() {
    let mut history = Vec::with_capacity(4);
    for price in [101.25, 101.5, 99.75, 100.0, 102.5] {
        println!("{price:6.2}, highest so far {:6.2}", on_price(price, &mut history));
    }
}
