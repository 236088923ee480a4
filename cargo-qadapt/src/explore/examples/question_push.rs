// Question 3: does a push? Yes, even one that nobody reads: room for eight bytes, in release too.
let mut list = Vec::new();
list.push(1_u8);
