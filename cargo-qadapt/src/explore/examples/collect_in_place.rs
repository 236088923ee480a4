// `collect` of a list's own iterator. The block is used again: the map costs nothing.
let list: Vec<u64> = vec![1, 2, 3];
let doubled: Vec<u64> = list.into_iter().map(|n| n * 2).collect();
std::hint::black_box(&doubled);
