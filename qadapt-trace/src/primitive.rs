//! The atomics that the index is made of. The models in `tests/loom.rs` put loom's in their place.

pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};
