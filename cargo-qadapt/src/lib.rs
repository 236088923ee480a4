//! `cargo qadapt`: says where a program touches the heap, and proves where it does not.
//!
//! A library only so that its parts can be tested one by one; the product is the command.

pub mod audit;
pub mod build;
pub mod built;
pub mod cargo;
pub mod cargo_config;
pub mod check;
pub mod cli;
pub mod config;
pub mod editor;
pub mod error;
#[cfg(target_os = "linux")]
pub mod explore;
pub mod format;
pub mod given;
mod heap;
pub mod interrupt;
pub mod merge;
pub mod progress;
pub mod prove;
pub mod report;
pub mod selection;
pub mod system;
mod tables;
pub mod turn;
