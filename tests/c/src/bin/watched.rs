//! Follows each habit in a region that counts, and prints what the guard counted.

use qadapt::{QADAPT, count_alloc};
use qadapt_c_tests::Habit;
use qadapt_malloc as _;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

fn main() {
    if std::env::args().nth(1).is_some() {
        println!("{}", qadapt::c_is_active());
        return;
    }
    for (name, habit) in Habit::all() {
        let (counts, ()) = count_alloc(|| habit.follow());
        let figure = |figure: qadapt::Measured<u64>| figure.get().map_or("-".into(), |n| n.to_string());
        println!(
            "{name}: {} {} {} {}",
            figure(counts.allocs()),
            figure(counts.reallocs()),
            figure(counts.deallocs()),
            figure(counts.failed())
        );
    }
}
