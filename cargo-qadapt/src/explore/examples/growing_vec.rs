// A list that grows. Ten pushes ask three times: the capacity starts at four and doubles.
let mut list = Vec::new();
for number in 0..10 {
    list.push(number);
}
let text = format!("{list:?}");
println!("{text}");
