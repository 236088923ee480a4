//! The command, its formats and its pages, as users and the programs that read them see them.
//!
//! One program, so that what it links is linked once. What proves is `tests/prove`.

mod audit;
mod browser;
mod check;
mod editor;
mod elsewhere;
#[cfg(target_os = "linux")]
mod explore;
mod formats;
mod golden;
mod page;
mod turn;
