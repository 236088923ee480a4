//! The check: what runs do against what was settled.
//!
//! `args` are the command's, and `verb` runs, compares or settles. `baseline` is what was settled: `lock` reads and writes its
//! file, whose form is in `written`, and `since` has it from git. `command` says which run it is about, `key` what regions and
//! sites are called there, `range` how much more than a figure is the same, and `paths` which bytes a checkout's place makes.
//! `now` is a run in these terms, `compare` holds one against the other, and `changes` is what a branch did to it.

pub mod args;
pub mod baseline;
pub mod changes;
pub mod command;
pub mod compare;
pub mod key;
pub mod lock;
pub mod now;
pub mod paths;
pub mod range;
pub mod since;
pub mod verb;
mod written;
