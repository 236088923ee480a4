// Question 2: does `Box::new(Vec::new())`? The box does: 24 bytes, for the empty list in it.
let list: Box<Vec<u64>> = Box::new(Vec::new());
std::hint::black_box(&list);
