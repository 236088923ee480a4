//! ELF in, verdicts out: can a function come to the allocator, or to a call that waits?
//!
//! A verdict holds on all paths through the machine code of a linked program for x86-64: [`Answer::Proven`], or a path to the
//! allocator, or what kept it from being decided. Nothing is run and nothing is built; `cargo qadapt prove` builds a program with
//! labels and has its regions proven here.
//!
//! ```
//! # #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};
//!
//! #[inline(never)]
//! #[unsafe(no_mangle)]
//! fn mixed_down(left: f32, right: f32) -> f32 {
//!     (left + right) / 2.0
//! }
//!
//! #[inline(never)]
//! #[unsafe(no_mangle)]
//! fn copied(samples: &[f32]) -> Vec<f32> {
//!     samples.to_vec()
//! }
//!
//! std::hint::black_box((mixed_down(0.5, 0.25), copied(&[0.5])));
//! let pattern = regex::Regex::new("^(mixed_down|copied)$")?;
//! let rules = Rules { allow_frees: false, gaps: 3 };
//! let program = std::env::current_exe()?;
//! let proof = prove_file(&program, Which::Functions(&pattern), rules, &Settings::default(), None)?;
//! let answers: Vec<_> = proof.verdicts.iter().map(|v| (v.region.as_str(), v.answer)).collect();
//! assert_eq!(answers, [("copied", Answer::Allocates), ("mixed_down", Answer::Proven)]);
//! # Ok(())
//! # }
//! # #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
//! # fn main() {}
//! ```
//!
//! # How
//!
//! `load` reads the file (`kind`: what it does not read; `import`: what the loader adds), `decode` turns its code into steps
//! (`step`: what they are; `operand`, `effect`: what an instruction speaks of, and what it does),
//! `cfg` follows the steps of one function (`body`: the result; `leave`: how it is left; `state`, `value`: what is known of the
//! registers, `arithmetic`: of numbers in them, `number`: of a few, `flags`: and of a comparison, `own`: and of the stack, `table`: jump
//! tables, `thunk`: retpolines, `eh`: caught panics; `tell`: what functions of core and std call through pointers, `fmt_write`, `builders`,
//! `once`: these functions), `program` knows what each function means to its callers (`known` and
//! `foreign`: by name, `system`: by number, `wait`: what waits; `allocator`: what inlining hides; `assume`: what the user
//! vouches for, `anchor`: and where), `graph` joins them (`ground`: what it takes for granted), and `verdict` speaks, with
//! `advice` on what to do instead. `proof` is the way in; `kept` has what an earlier run
//! has proven.

pub mod addr_map;
pub mod advice;
pub mod allocator;
pub mod anchor;
mod arithmetic;
pub mod assume;
pub mod before;
pub mod bodies;
pub mod body;
pub mod builders;
pub mod calls;
pub mod cfg;
pub mod chosen;
pub mod copies;
pub mod debug;
pub mod decode;
pub mod deferral;
mod effect;
pub mod eh;
pub mod error;
pub mod flags;
pub mod fmt_write;
pub mod foreign;
pub mod frame;
pub mod graph;
pub mod ground;
pub mod hop;
pub mod identity;
pub mod import;
pub mod inlined;
pub mod inside;
pub mod instances;
mod kept;
mod kept_verdict;
pub mod kind;
pub mod known;
mod leave;
pub mod load;
mod locked;
pub mod marked;
pub mod marks;
pub mod methods;
pub mod names;
pub mod near;
pub mod number;
pub mod once;
mod operand;
pub mod origins;
pub mod own;
mod packages;
pub mod parts;
pub mod permits;
pub mod place;
pub mod program;
pub mod proof;
pub mod question;
pub mod regions;
mod replaced;
pub mod role;
pub mod sources;
pub mod spill;
pub mod state;
pub mod step;
pub mod subject;
pub mod symbol;
pub mod system;
pub mod table;
mod tell;
pub mod thunk;
pub mod value;
pub mod verdict;
pub mod wait;

pub use assume::Settings;
pub use error::{Error, Result};
pub use proof::{Proof, Which, prove, prove_file, prove_functions};
pub use subject::Subject;
pub use verdict::{Answer, Rules, Verdict};
