//! Which parts of a binary are protected regions, and what people call them.
//!
//! In a marked build the guard keeps one function out of line for each closure or future that it protects, in the
//! module `qadapt::mark`. Its type arguments name the region: they are in the debug information
//! (`region<usize, app::step::{closure_env#0}>`) and in v0 symbols (`region::<usize, app::step::{closure#0}>`).

use super::callers;
use super::load::Image;
use super::names::Names;
use super::place::Place;
use super::policy::demangle;

/// A protected region of a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The address of its function.
    pub addr: u64,
    /// Its name.
    pub name: String,
    /// Whether its author requires a proof.
    pub required: bool,
    /// Where it is opened, if that is known.
    pub at: Option<Place>,
    /// The function in which it is opened.
    pub function: Option<String>,
}

impl Region {
    /// A function taken as a region.
    #[must_use]
    pub fn function(addr: u64, name: String) -> Self {
        Self { addr, name, required: false, at: None, function: None }
    }
}

/// The regions that the guard has marked, by address.
#[must_use]
pub fn marked(image: &Image<'_>, names: &Names<'_>) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut opened_in = Vec::new();
    for function in image.functions() {
        for symbol in function.names.iter().filter(|s| s.contains("4mark")) {
            let symbol = demangle(symbol);
            let Some(rest) = symbol.strip_prefix("qadapt::mark::") else { continue };
            let kind = rest.split(['<', ':']).next().unwrap_or(rest);
            if !matches!(kind, "region" | "required" | "poll") {
                continue;
            }
            let from_debug_info = || names.with_arguments(function.addr);
            let spelled = if rest.contains('<') { Some(rest.to_owned()) } else { from_debug_info() };
            let name = spelled
                .as_deref()
                .and_then(last_argument)
                .map_or_else(|| format!("region at {:#x}", function.addr), |t| region_name(&t));
            let mut region = Region::function(function.addr, name);
            region.required = kind == "required";
            // Whoever polls a future is not where it was made.
            if kind != "poll" {
                opened_in.push(function.addr);
            }
            regions.push(region);
        }
    }
    let calls = callers::first_calls(image, &opened_in);
    for region in &mut regions {
        if let Some(&site) = calls.get(&region.addr) {
            place(region, names, site);
        }
    }
    regions
}

/// Notes the first frame outside the guard at the call of the region's function.
fn place(region: &mut Region, names: &Names<'_>, site: u64) {
    let frames = names.frames(site);
    let Some(frame) = frames.iter().find(|frame| !is_guard(&frame.function)) else { return };
    region.function = Some(frame.function.clone());
    region.at.clone_from(&frame.at);
}

fn is_guard(function: &str) -> bool {
    function.trim_start_matches('<').starts_with("qadapt::")
}

/// The last type argument of `name<A, B>` or `name::<A, B>`.
fn last_argument(spelled: &str) -> Option<String> {
    let open = spelled.find('<')?;
    let inner = spelled[open + 1..].strip_suffix('>')?;
    let mut depth = 0i32;
    let mut start = 0;
    let mut previous = ' ';
    for (i, c) in inner.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            // Not the arrow of a function type.
            '>' if previous == '-' => {}
            '>' | ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => start = i + 1,
            _ => {}
        }
        previous = c;
    }
    Some(inner[start..].trim().to_owned())
}

/// A region's name from the type of its closure or future: the function it stands in, if it is its first.
fn region_name(closure: &str) -> String {
    let name = closure.replace("closure_env#", "closure#").replace("async_block_env#", "async_block#");
    for first in ["::{closure#0}", "::{async_fn_env#0}"] {
        if let Some((function, arguments)) = name.rsplit_once(first)
            && !arguments.contains("::{")
        {
            return format!("{function}{arguments}");
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_regions_by_their_closures() {
        for (spelled, name) in [
            ("region<usize, app::step::{closure_env#0}>", "app::step"),
            ("region::<usize, app::step::{closure#0}>", "app::step"),
            ("region<usize, app::generic::{closure_env#0}<usize>>", "app::generic<usize>"),
            ("region<fn(u8, u8) -> u8, app::main::{closure_env#2}>", "app::main::{closure#2}"),
            (
                "poll<core::pin::Pin<&mut app::main::{async_block_env#1}>>",
                "core::pin::Pin<&mut app::main::{async_block#1}>",
            ),
        ] {
            assert_eq!(last_argument(spelled).map(|t| region_name(&t)).as_deref(), Some(name), "{spelled}");
        }
        assert_eq!(last_argument("region"), None);
    }
}
