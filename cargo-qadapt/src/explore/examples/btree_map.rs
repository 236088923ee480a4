// A `BTreeMap`. A node holds up to eleven entries: a block for about every sixth insertion.
use std::collections::BTreeMap;

let mut map = BTreeMap::new();
for number in 0..32_u64 {
    map.insert(number, ());
}
std::hint::black_box(&map);
