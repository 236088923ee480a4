//! The prover on programs with known answers, on programs made to mislead it, and held against what programs really do.
//!
//! In a process of its own because it builds programs, runs them with a preloaded allocator, and runs the command as a user does.

mod adversarial;
mod allocator;
mod assumptions;
mod blocking;
mod builds;
mod callees;
mod chosen;
mod compared;
mod corpus;
mod digest;
mod dropped;
mod ended;
mod endless;
mod exit_codes;
mod extracted;
mod functions;
mod generate;
mod hostile;
mod kept;
mod labelled;
mod marked;
mod oracle;
mod permits;
mod popular;
mod printed;
mod programs;
mod shipped;
mod taken;
mod told;
mod waits;
mod whose;
