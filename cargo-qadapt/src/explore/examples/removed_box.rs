// A box that nobody keeps. A build with the checks on allocates it; the one that ships does not, says the proof.
let number = Box::new(std::hint::black_box(7_u64));
std::hint::black_box(*number + 1);
