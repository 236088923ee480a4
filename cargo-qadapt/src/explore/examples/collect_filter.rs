// `collect` after `filter`. The length is not known any more, so the list grows.
let even: Vec<u64> = (0..100).filter(|n| n % 2 == 0).collect();
std::hint::black_box(&even);
