// Lines of standard input. `lines` makes a text for each; `read_line` fills one again. Type some input below.
use std::io::BufRead;

let mut input = std::io::stdin().lock();
let mut line = String::new();
let mut total = 0;
while input.read_line(&mut line).unwrap() > 0 {
    total += line.trim().len();
    line.clear();
}
println!("{total}");
