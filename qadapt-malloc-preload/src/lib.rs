//! `libqadapt_preload.so`: makes what C code allocates visible to QADAPT in a program that links it, without a new build.
//!
//! ```sh
//! LD_PRELOAD=target/release/libqadapt_preload.so program
//! ```
//!
//! It defines `malloc` and its kin as `qadapt-malloc` does, and from the same source. It has no guard of its own: it finds the
//! program's as another copy of QADAPT would, by a note in the program's file, and asks that about each call. So it has no thread-local,
//! whose first touch in a library asks for memory itself. In a program without QADAPT it hands on every call.
#![cfg(all(target_os = "linux", target_env = "gnu"))]

#[path = "../../qadapt/src/hot/copies/abi.rs"]
#[allow(dead_code, reason = "of the interface between copies, what is asked of an allocator is used here")]
mod abi;
#[path = "../../qadapt-malloc/src/define.rs"]
mod define;
mod guard;
#[path = "../../qadapt-malloc/src/libc_own.rs"]
mod libc_own;
#[path = "../../qadapt/src/sys/notes.rs"]
#[allow(dead_code, reason = "this library has no note")]
mod notes;
mod word;
