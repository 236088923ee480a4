//! The report for browsers: one file with data, style and script in it, which asks for nothing else.

mod compared;
mod data;
mod excerpt;
mod flame;
pub mod page;
mod plain;
mod stacks;
mod strings;
