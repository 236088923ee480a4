//! The audit, as a user runs it, on small programs whose allocations are known.

#[cfg(unix)]
mod archive;
#[cfg(unix)]
mod at_once;
mod believed;
mod built;
mod by_line;
mod choice;
mod chosen;
mod command;
mod configured;
mod damaged;
mod disk;
mod doctests;
mod entries;
mod errors;
mod exact;
mod examples;
mod heaptrack;
mod in_c;
mod inputs;
mod interrupts;
#[cfg(target_os = "linux")]
mod left_behind;
mod live;
mod merging;
mod processes;
mod proofs;
mod readme;
mod sampled;
mod suites;
#[cfg(target_os = "linux")]
mod unheard;
mod waits;
mod workspace;
mod written;
