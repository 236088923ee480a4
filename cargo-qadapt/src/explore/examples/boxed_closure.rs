// Boxed closures. One that captures nothing has no size, and its box no block.
let factor = std::hint::black_box(3);
let empty: Box<dyn Fn(u64) -> u64> = Box::new(|n| n + 1);
let full: Box<dyn Fn(u64) -> u64> = Box::new(move |n| n * factor);
println!("{}", full(empty(1)));
