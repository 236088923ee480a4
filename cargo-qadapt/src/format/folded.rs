//! Folded stacks: one line each, for flame graphs.
//!
//! `profile;region;outermost;..;innermost;[operation] EVENTS`. The weight is the number of events and not bytes, because
//! it is each event that a region disallows.

use std::fmt::Write as _;

use super::source::opening;
use super::stacks::{Names, op_frame};
use super::view::View;

/// The report as folded stacks.
#[must_use]
pub fn folded(view: &View<'_>) -> String {
    let names = Names::of(view);
    let functions: Vec<String> = names.functions.iter().map(|name| frame(name)).collect();
    let mut out = String::new();
    for sample in names.samples(view) {
        let _ = write!(out, "{};{}", frame(&opening(sample.profile, "profile")), frame(sample.region));
        for &index in sample.stack.iter().rev() {
            if let Some(function) = functions.get(index as usize) {
                let _ = write!(out, ";{function}");
            }
        }
        if sample.stack.is_empty() {
            out.push_str(";(its stack was lost)");
        }
        // It ends with the operation so that no name that ends in a number is read as a weight.
        let _ = writeln!(out, ";{} {}", op_frame(sample.site.op), sample.events);
    }
    out
}

/// A name without the character that parts frames.
fn frame(name: &str) -> String {
    name.replace(';', ":")
}
