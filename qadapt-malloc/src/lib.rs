//! Makes what C code allocates visible to [QADAPT](qadapt): a program that links this crate has its `malloc` and its kin, so that
//! protected regions see C libraries, too.
//!
//! ```
//! use qadapt::QADAPT;
//! use qadapt_malloc as _; // links it: nothing else is needed
//!
//! #[global_allocator]
//! static ALLOC: QADAPT = QADAPT;
//!
//! assert_eq!(qadapt::c_is_active(), qadapt::is_active());
//! let (counts, copy) = qadapt::count_alloc(|| {
//!     // SAFETY: a string of C's.
//!     unsafe { libc::strdup(c"in C".as_ptr()) }
//! });
//! # if counts.is_measured() {
//! assert_eq!(counts.allocs(), 1);
//! # }
//! // SAFETY: it was made above, and nobody else has it.
//! unsafe { libc::free(copy.cast()) };
//! ```
//!
//! It defines `malloc`, `calloc`, `realloc`, `reallocarray`, `free`, `posix_memalign`, `aligned_alloc`, `memalign`, `valloc`, `pvalloc`
//! and `malloc_usable_size`, for the program and all shared libraries that it loads, C++'s `new` included. Each call is one
//! event, as those of Rust's allocator are; what Rust's allocator itself asks C for is no second one. A
//! report says which function of C's was called, by whom, and which Rust line called into C.
//!
//! Rust's allocations pass the same functions on their way to the C library, which costs some ten instructions for an allocation and its
//! deallocation; with [`Direct`] below the guard they do not.
//!
//! # What counts
//! C does not say how large a block is that it frees. So all bytes of C's are what the C library has set aside for a
//! block (`malloc_usable_size`), often some more than what was asked for; reports name what was asked for. `realloc` of no block
//! is an allocation, and to 0 bytes a deallocation; `free` of no block is nothing.
//!
//! # From C and C++
//! `include/qadapt.h` has regions, permits, counts, modes and the hook for C: a program or a static library that links this crate has
//! these functions, too.
//!
//! # Limits
//! - On Linux with glibc, linked as a shared library. For other targets, in a program with glibc in it (`crt-static`), and
//!   under a sanitizer, which replaces the same functions, the build stops with an error that says so.
//! - In a program. A library that is loaded at run time (`dlopen`) must not define `malloc`: there a first touch of a
//!   thread-local asks for memory itself.
//! - Not seen: `mmap`, allocators that a library brings under names of its own, and what a library asks for that was loaded with
//!   `RTLD_DEEPBIND`.
//! - Valgrind's memory checkers put functions of their own in place of these: [`qadapt::c_is_active`] is false there, and a
//!   test with `#[qadapt::test(c)]` fails.
//! - A second `malloc`, such as mimalloc's with the feature `override`, does not link with this one. Other inner allocators do.

mod api;
mod define;
mod direct;
mod libc_own;
mod word;

pub use direct::Direct;
use qadapt::__c as guard;
