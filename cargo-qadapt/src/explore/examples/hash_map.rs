// A `HashMap`. Empty it has no block; it doubles as it fills, and every time moves all that is in it.
use std::collections::HashMap;

let mut map = HashMap::new();
for number in 0..16_u64 {
    map.insert(number, number);
}
map.remove(&3);
map.insert(99, 99);
std::hint::black_box(&map);
