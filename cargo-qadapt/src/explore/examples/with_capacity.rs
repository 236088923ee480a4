// Capacity first. One request in place of three, and none of them in the loop.
let mut list = Vec::with_capacity(10);
for number in 0..10 {
    list.push(number);
}
std::hint::black_box(&list);
