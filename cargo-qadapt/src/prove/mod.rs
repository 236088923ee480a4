//! `cargo qadapt prove`: what holds on all paths, read from the linked binary.
//!
//! `load` reads the file (`kind`: what it does not read; `import`: what the loader adds), `decode` turns its code into steps,
//! `cfg` follows the steps of one function (`body`: the result; `leave`: how it is left; `value`: what is known of the
//! registers, `own`: and of the stack, `table`: jump tables, `thunk`: retpolines, `eh`: caught panics), `program` knows what
//! each function means to its callers (`policy` and `foreign`: by name, `system`: by number, `wait`: what waits; `allocator`: what inlining hides;
//! `assume`: what the user vouches for, `anchor`: and where), `graph` joins them (`ground`: what it takes for granted), and
//! `verdict` speaks, with `advice` on what to do instead; `report` is that for people, instances of one region together
//! (`instances`). `witness` holds runs against proofs.

pub mod addr_map;
pub mod advice;
pub mod allocator;
pub mod anchor;
pub mod args;
pub mod assume;
pub mod before;
pub mod bodies;
pub mod body;
pub mod calls;
pub mod cfg;
pub mod chosen;
pub mod compare;
pub mod copies;
pub mod debug;
pub mod decode;
pub mod deferral;
pub mod eh;
pub mod foreign;
pub mod format;
pub mod frame;
pub mod graph;
pub mod ground;
pub mod hop;
pub mod identity;
pub mod import;
pub mod inlined;
pub mod inside;
pub mod instances;
pub mod kind;
mod leave;
pub mod load;
mod locked;
pub mod marked;
pub mod marks;
pub mod methods;
pub mod names;
pub mod near;
pub mod once;
pub mod origins;
pub mod own;
mod packages;
pub mod parts;
pub mod permits;
pub mod place;
pub mod policy;
pub mod program;
pub mod question;
pub mod regions;
pub mod report;
pub mod role;
pub mod run;
pub mod sources;
pub mod spill;
pub mod symbol;
pub mod system;
pub mod table;
pub mod thunk;
pub mod value;
pub mod verb;
pub mod verdict;
pub mod wait;
pub mod witness;
