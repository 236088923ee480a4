//! ELF in, verdicts out: can a function come to the allocator, or to a call that waits?
//!
//! A verdict holds on all paths through the machine code of a linked program for x86-64 or aarch64: [`Answer::Proven`], or a path to the
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
//! assert_eq!(proof.identity.sha256.len(), 64);
//! # Ok(())
//! # }
//! # #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
//! # fn main() {}
//! ```
//!
//! [`prove_file`] reads a file and what lies beside it, [`prove`] bytes in memory. [`Which`] functions or regions are meant, which
//! [`Subject`] is asked about and what the user vouches for ([`Settings`]) is the question; each [`Verdict`] has its [`Answer`] and
//! the [`Path`]s or [`Gap`]s behind it. [`groups`] puts instances of one generic region together, and [`compare_files`] says which
//! functions of two files have other code.

// How it is done. A file is read:
//
// `mapped` has its bytes, `elf` its headers, and `kind` says of others what they are; `debug` finds debug information, `identity` says which file
// it was, `load` makes an image of it: `functions` and `statics` are its symbols (`symbol`: as people write them), `fixups` and `import` what the
// loader adds. `names` says where an address lies in the source (`place`, `inlined`).
//
// Its code becomes steps, and these a body for each function:
//
// `decode` makes steps (`step`) of `x86` instructions, with `operand`, `effect`, `registers`, `x86_write`: what one speaks of, and what it does; and of
// `aarch64`, with `aarch64_word`, `aarch64_arithmetic`, `aarch64_memory` (`aarch64_objdump` holds that against another decoder). `machine` is what
// else differs between processors. `cfg` follows the steps of a function: `start` is from where, with what, `context` what it is told from outside,
// `scratch` its blocks in the making, `addresses` and `addr_map` where they lie, `body` the result, `doom` what of it can only panic, `leave` how it
// is left. What is known of registers is in `state` and `value`, of numbers in `arithmetic`, `number` and `flags`, of the stack in `own`, `slots` and
// `spill`. `table` reads jump tables, `thunk` retpolines, `eh` says which panics are caught. What functions of core and std call through
// pointers `tell` knows: `fmt_write`, `builders`, `once` (`replaced`: who may give a formatter another writer; `carried`: where its address is
// lost track of).
//
// What a function means to its callers:
//
// `program` says it as a `role`: `known` and `foreign` by name, `system` by number, `wait` of calls that wait. What a pointer may hold is in `targets`,
// `provenance`, `chosen`, `mentions`, `held`; what inlining hides of an allocator in `allocator`, `described`, `bypass`. `assume` is what the user
// vouches for (`about`: an entry, `anchor`: where, `invalid`: what is wrong with it).
//
// From a region to its verdict:
//
// `marks` reads the labels, `copies` and `parts` say what of a function is a region's (`inside`, `before`: by the line tables), `permits` and
// `deferral` what is exempt in it. `sources` has the regions that sources open (`calls`, `packages`, `locked`), `regions` lists both under their
// names (`methods`, `spelled`; `folded`: of functions that share their code), and `marked` asks about each a `question`, of a `subject`. `explore`
// goes from each function to those that it calls (`node`: what it finds; `cover`: what it may leave out; `ground`: what it takes for granted),
// `graph` says what is reached (`goal`) and what is not to be avoided (`unavoidable`), and `verdict` speaks: with a path of calls (`hop`) and
// `advice` on what to do instead; `instances` puts those of one region together. `proof` is the way in; `kept` and `kept_verdict` have what an
// earlier run has proven. What is wrong with a file is a `problem`, and why there is no proof an `error`. `bodies` compares two files.

mod aarch64;
mod aarch64_arithmetic;
mod aarch64_memory;
#[cfg(test)]
mod aarch64_objdump;
mod aarch64_word;
mod about;
mod addr_map;
mod addresses;
mod advice;
mod allocator;
mod anchor;
mod arithmetic;
mod assume;
mod before;
mod bodies;
mod body;
mod builders;
mod bypass;
mod calls;
mod carried;
mod cfg;
mod chosen;
mod context;
mod copies;
mod cover;
mod debug;
mod decode;
mod deferral;
mod described;
mod doom;
mod effect;
mod eh;
mod elf;
mod error;
mod explore;
mod fixups;
mod flags;
mod fmt_write;
mod folded;
mod foreign;
mod functions;
mod goal;
mod graph;
mod ground;
mod held;
mod hop;
mod identity;
mod import;
mod inlined;
mod inside;
mod instances;
mod invalid;
mod kept;
mod kept_verdict;
mod kind;
mod known;
mod leave;
mod load;
mod locked;
mod machine;
mod mapped;
mod marked;
mod marks;
mod mentions;
mod methods;
mod names;
mod node;
mod number;
mod once;
mod operand;
mod own;
mod packages;
mod parts;
mod permits;
mod place;
mod problem;
mod program;
mod proof;
mod provenance;
mod question;
mod regions;
mod registers;
mod replaced;
mod role;
mod scratch;
mod slots;
mod sources;
mod spelled;
mod spill;
mod start;
mod state;
mod statics;
mod step;
mod subject;
mod symbol;
mod system;
mod table;
mod targets;
mod tell;
mod thunk;
mod unavoidable;
mod value;
mod verdict;
mod wait;
mod x86;
mod x86_write;

pub use assume::{Section, Settings};
pub use bodies::{Differences, compare_files};
pub use error::{Error, Result};
pub use hop::Hop;
pub use identity::Identity;
pub use instances::{Group, groups};
pub use invalid::Invalid;
pub use names::Frame;
pub use place::Place;
pub use problem::Problem;
pub use proof::{Proof, Which, prove, prove_file, prove_functions};
pub use subject::Subject;
pub use verdict::{Answer, Gap, Path, Rules, Verdict};

#[cfg(test)]
mod tests {
    #[test]
    fn each_module_is_in_the_map() {
        let (map, modules) = include_str!("lib.rs").split_once("\nmod ").expect("modules");
        let map = &map[map.find("// How it is done").expect("a map")..];
        let modules: Vec<_> =
            modules.lines().filter_map(|line| line.trim_start_matches("mod ").strip_suffix(';')).collect();
        assert!(modules.len() > 90, "{modules:?}");
        for module in modules.iter().filter(|module| !module.contains(' ')) {
            assert!(map.contains(&format!("`{module}`")), "the map in lib.rs has no `{module}`");
        }
    }
}
