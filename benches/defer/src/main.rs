//! What a drop costs where it happens: deferred, freed at once, given to basedrop's collector, sent to a thread.
//!
//! `cargo run --release -p qadapt-defer-bench`
//!
//! A round has a slice of each way, one after the other, so that a machine that slows down slows all of them down. Values are
//! made, and given back, outside of what is measured. Time is the processor time of the thread that drops, and what is
//! printed is the least and the median of all rounds. Built in release, the guard's checks are off.

mod time;
mod ways;

use ways::WAYS;

const ROUNDS: usize = 30;

fn main() {
    println!("nanoseconds a drop: the least and the median of {ROUNDS} rounds");
    for value in ways::VALUES {
        println!();
        println!("{}, {} in a slice", value.name, value.slice);
        let mut times = vec![Vec::new(); WAYS.len()];
        for _ in 0..=ROUNDS {
            for (times, way) in times.iter_mut().zip(WAYS) {
                times.push((value.drop)(way, value.slice));
            }
        }
        for (times, way) in times.iter_mut().zip(WAYS) {
            // The first round warms up.
            times.remove(0);
            times.sort_by(f64::total_cmp);
            println!("  {:<44} {:>12.1} {:>12.1}", way.name(), times[0], times[times.len() / 2]);
        }
    }
    let deferred = qadapt::deferred();
    println!();
    println!(
        "waited at most: {} blocks, {} bytes; beyond: {}",
        deferred.most.blocks, deferred.most.bytes, deferred.over
    );
}
