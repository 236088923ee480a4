// A thread. Its handle, its name and its result are blocks; a scoped one needs them too.
let handle = std::thread::spawn(|| 1 + 1);
println!("{}", handle.join().unwrap());
std::thread::scope(|scope| {
    scope.spawn(|| 2 + 2);
});
