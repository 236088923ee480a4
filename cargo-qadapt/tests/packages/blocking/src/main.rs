//! Functions by what a thread may wait for in them. Run, the program calls each once, in a region that must not wait, and prints
//! how many system calls that may wait it has made there; where only company makes a function wait, another thread keeps it.

mod may;
mod never;
mod state;
mod untold;

use qadapt::{Mode, Policy};
use state::State;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

type Function = fn(&State) -> u64;

fn main() {
    const QUIET: Policy = Policy::no_blocking().disallow(qadapt::Ops::ALL).mode(Mode::Count);
    for (truth, functions) in [("never", never::ALL), ("may", may::ALL), ("untold", untold::ALL)] {
        for &(name, function) in functions {
            let state = State::new();
            let company = state.keep_company(name);
            let _ = qadapt::take_violations();
            let result = QUIET.run(|| function(&state));
            let waits = qadapt::take_violations();
            println!("{truth} {name} {waits} {result}");
            state.let_go();
            company.join().expect("the other thread ends");
        }
    }
}
