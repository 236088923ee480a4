//! A service on UDP whose packets lie in pools, and a client that sends it more than it can take.

mod client;
mod executor;
mod service;
mod wire;

pub use client::{Client, Tally};
pub use executor::prepare_threads;
pub use service::{Counts, Phase, SERVICE, Service};
