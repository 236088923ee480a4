//! Taking and dropping in qadapt-pool and in other pools, in turns; and in which order, and how often, waiters are woken.
//!
//! `cargo run --release -p qadapt-pool-bench`
//!
//! A round has a slice of each pool, one after the other, so that a machine that slows down slows all of them down. Time is
//! the processor time of a thread, and what is printed is the least and the median of all rounds. With two threads a round
//! counts only if both ran at the same time from the beginning to the end: else they would not be in each other's way.
#![expect(clippy::manual_div_ceil, reason = "in a macro of async-pool's")]

mod contestants;
mod order;
mod time;

const ROUNDS: usize = 100;

fn main() {
    let contestants = contestants::all();
    // Warms up caches and what is made once.
    for contestant in &contestants {
        time::one_thread(contestant);
    }
    let mut alone: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
    let mut together: Vec<Vec<f64>> = vec![Vec::new(); contestants.len()];
    for _ in 0..ROUNDS {
        for (index, contestant) in contestants.iter().enumerate() {
            alone[index].push(time::one_thread(contestant));
            together[index].extend(time::two_threads(contestant));
        }
    }
    println!("take, write 64 bytes, drop; nanoseconds a pair, on each thread");
    println!("{:<28} {:>21}  {:>21}  {:>6}", "", "one thread", "two threads", "rounds");
    println!(
        "{:<28} {:>10} {:>10}  {:>10} {:>10}  {:>6}",
        "", "least", "median", "least", "median", "of two"
    );
    for (contestant, (alone, together)) in contestants.iter().zip(alone.iter_mut().zip(&mut together)) {
        let [one, two] = [alone, together].map(|rounds| time::least_and_median(rounds));
        println!(
            "{:<28} {:>10.1} {:>10.1}  {:>10.1} {:>10.1}  {:>6}",
            contestant.name, one.least, one.median, two.least, two.median, two.rounds
        );
    }
    println!();
    println!(
        "eight waiters, first come first polled; a slot is given back eight times, each after the one before was taken"
    );
    println!("{:<28} {:>16}  served in order of", "", "wakes a slot");
    for outcome in order::all() {
        println!("{:<28} {:>16.1}  {:?}", outcome.name, outcome.wakes, outcome.order);
    }
}
