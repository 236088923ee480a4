//! `cargo qadapt merge`: traces and reports of several runs become one report, and profiles one profile.
//!
//! `args` are the command's, and `verb` reads what it is given as `audit` does, or joins it as `heap` does.

pub mod args;
pub mod verb;
