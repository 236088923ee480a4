//! The verb: binary in, verdicts out.

use std::path::Path;

use regex::Regex;

use super::assume::{Applied, Settings};
use super::cfg::Start;
use super::eh::Catches;
use super::graph::Graph;
use super::load::Image;
use super::names::Names;
use super::policy::demangle;
use super::program::Program;
use super::verdict::{Rules, Verdict, verdict};
use crate::error::{Error, Result};

/// The regions of a file that are functions whose demangled name matches.
///
/// # Errors
/// In words, if the file cannot be analysed or has no such function.
pub fn prove_functions(
    data: &[u8],
    function: &Regex,
    rules: Rules,
    settings: &Settings,
) -> std::result::Result<Vec<Verdict>, String> {
    let image = Image::parse(data)?;
    if !image.has_symbols() {
        return Err("it has no symbol table, so functions and allocator entries cannot be told; \
                    link it without `strip`"
            .into());
    }
    let regions: Vec<(u64, String)> = image
        .functions()
        .iter()
        .filter_map(|f| {
            let name = f.names.iter().map(|n| demangle(n)).find(|n| function.is_match(n))?;
            Some((f.addr, name))
        })
        .collect();
    if regions.is_empty() {
        return Err(format!("no function matches `{function}`; it may have been inlined or removed as unused"));
    }
    let catches = Catches::parse(data);
    let program = Program::new(&image, &catches);
    let starts: Vec<Start> = regions.iter().map(|&(addr, _)| Start::function(addr)).collect();
    let graph = Graph::build(&program, &starts, &Applied { settings, image: &image });
    let names = Names::new(&image, data);
    Ok((0u32..)
        .zip(regions)
        .map(|(i, (_, name))| verdict(&program, &graph, &names, rules, &settings.words, (i, name)))
        .collect())
}

/// [`prove_functions`] for a file on disk.
///
/// # Errors
/// If the file cannot be read or analysed.
pub fn prove_binary(path: &Path, function: &Regex, rules: Rules, settings: &Settings) -> Result<Vec<Verdict>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("open the binary", path, e))?;
    let data = super::map::map(&file).map_err(|e| Error::io("map the binary", path, e))?;
    prove_functions(&data, function, rules, settings).map_err(|problem| Error::binary(path, problem))
}
