// Question 2: does `Box::new(Vec::new())`? The box does, and release may not remove it once it escapes.
let list: Box<Vec<u64>> = Box::new(Vec::new());
std::hint::black_box(&list);
