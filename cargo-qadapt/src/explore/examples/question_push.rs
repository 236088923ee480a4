// Question 3: and a push that nobody reads? Debug allocates; release sees through it and removes the list.
let mut list = Vec::new();
list.push(1_u8);
