//! What the primitives are made of. The models in `tests/loom.rs` put loom's atomics, and a mutex over them, in the place
//! of these.

pub(crate) use core::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering},
};
pub(crate) use spin::{Mutex, MutexGuard};
