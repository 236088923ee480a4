// Sorting. `sort` is stable and asks for room once lists are long; `sort_unstable` never does.
let mut list: Vec<u64> = (0..1000).map(|n| n * 7919 % 1000).collect();
list.sort();
list.reverse();
list.sort_unstable();
std::hint::black_box(&list);
