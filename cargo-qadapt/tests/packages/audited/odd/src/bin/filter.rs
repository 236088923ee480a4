//! Allocates once for each line of its input; with two numbers as arguments reads so many lines in debug and in release.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

fn main() {
    let most = std::env::args().nth(if cfg!(debug_assertions) { 1 } else { 2 });
    let most = most.map_or(u32::MAX, |most| most.parse().expect("it is a number"));
    let (mut lines, mut line) = (0, String::new());
    while lines < most && std::io::stdin().read_line(&mut line).expect("it can be read") > 0 {
        lines += 1;
    }
    qadapt::assert_no_alloc(|| (0..lines).for_each(|line| drop(std::hint::black_box(Box::new(line)))));
}
