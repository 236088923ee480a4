// A thread. Its handle, its packet and its closure are blocks; a scoped thread needs them too.
let handle = std::thread::spawn(|| 1 + 1);
println!("{}", handle.join().unwrap());
std::thread::scope(|scope| {
    scope.spawn(|| 2 + 2);
});
