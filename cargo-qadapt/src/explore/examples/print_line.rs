// `println!`. The first one makes the buffer of standard output, the others make nothing.
println!("one");
println!("two");
