//! Functions and lines: what an address of a running program is called in its source, where programs are ELF files (Linux,
//! Android). Elsewhere this crate is empty.
//!
//! It reads debug information wherever that lies: in the file itself, in one beside it that its build id or its
//! `.gnu_debuglink` names (as gdb looks for them, see its manual, "Debugging Information in Separate Files") and that is of the
//! same build, or in `.dwp` and `.dwo` files (split DWARF). It takes no lock, so a forked child can use it.
//!
//! ```
//! # #[cfg(any(target_os = "android", target_os = "linux"))]
//! # fn main() {
//! use std::fs::read_to_string;
//! use std::path::Path;
//! use qadapt_symbols::Program;
//!
//! // Where the kernel has put this function: the part of the file that is mapped there, and from where in the file.
//! let address = main as fn() as usize;
//! let maps = read_to_string("/proc/self/maps").unwrap();
//! let offset = maps.lines().find_map(|line| {
//!     let mut words = line.split(' ');
//!     let (start, end) = words.next()?.split_once('-')?;
//!     let number = |text| usize::from_str_radix(text, 16).unwrap();
//!     let inside = (number(start)..number(end)).contains(&address);
//!     inside.then(|| address - number(start) + number(words.nth(1).unwrap()))
//! });
//!
//! let program = Program::load(Path::new("/proc/self/exe"), true).unwrap();
//! let functions = program.functions_at(offset.unwrap());
//! assert!(functions[0].name.as_ref().unwrap().ends_with("main"));
//! # }
//! # #[cfg(not(any(target_os = "android", target_os = "linux")))]
//! # fn main() {}
//! ```

#![cfg(any(target_os = "android", target_os = "linux"))]

mod apart;
mod file;
mod program;

pub use program::{Function, Program};
