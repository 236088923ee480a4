// `collect` into a list. An iterator that knows its length asks once.
let squares: Vec<u64> = (0..100).map(|n| n * n).collect();
std::hint::black_box(&squares);
