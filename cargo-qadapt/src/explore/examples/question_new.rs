// Question 1: does `Vec::new()` allocate? No: an empty list has no block yet.
let list: Vec<u64> = Vec::new();
std::hint::black_box(&list);
