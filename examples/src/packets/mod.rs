//! A service on UDP whose packets lie in pools, and a client that sends it more than it can take.

mod client;
mod service;
mod wire;

pub use client::{Client, Tally};
pub use service::{Counts, Phase, SERVICE, Service};
