//! The machine code of the snippet's functions, for people to read.

use std::collections::BTreeMap;
use std::path::Path;

use addr2line::Loader;
use iced_x86::{Decoder, DecoderOptions, Formatter as _, IntelFormatter, SymbolResolver, SymbolResult};
use object::{Architecture, Object as _, ObjectSection as _, ObjectSymbol as _, SymbolKind};
use serde::{Deserialize, Serialize};

/// A function.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its instructions, each with the line of the snippet that it comes from; 0 where it comes from none.
    pub instructions: Vec<(u32, String)>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// How many functions are shown, and how many instructions of each.
const MOST: (usize, usize) = (30, 500);

/// The snippet's functions in a file, by name; none for processors that are not read, and if the file makes no sense.
#[must_use]
pub fn assembly(binary: &Path) -> Vec<Function> {
    read(binary).unwrap_or_default()
}

fn read(binary: &Path) -> Option<Vec<Function>> {
    let bytes = std::fs::read(binary).ok()?;
    let file = object::File::parse(&*bytes).ok()?;
    if file.architecture() != Architecture::X86_64 {
        return None;
    }
    let lines = Loader::new(binary).ok()?;
    let mut names = Names(BTreeMap::new());
    for symbol in file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text) {
        if let Ok(name) = symbol.name() {
            names.0.insert(symbol.address(), format!("{:#}", rustc_demangle::demangle(name)));
        }
    }
    let mut functions: Vec<Function> = Vec::new();
    for symbol in file.symbols() {
        let name = names.0.get(&symbol.address());
        let Some(name) = name.filter(|name| name.starts_with("snippet::") || name.starts_with("<snippet::"))
        else {
            continue;
        };
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let code =
            section.and_then(|section| section.data_range(symbol.address(), symbol.size()).ok().flatten());
        if let Some(code) = code.filter(|code| !code.is_empty() && functions.len() < MOST.0) {
            functions.push(function(name, code, symbol.address(), &lines, &names));
        }
    }
    functions.sort_by(|a, b| a.name.cmp(&b.name));
    functions.dedup();
    Some(functions)
}

fn function(name: &str, code: &[u8], address: u64, lines: &Loader, names: &Names) -> Function {
    let mut formatter = IntelFormatter::with_options(Some(Box::new(names.clone())), None);
    formatter.options_mut().set_space_after_operand_separator(true);
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    let mut instructions = Vec::new();
    while decoder.can_decode() && instructions.len() < MOST.1 {
        let instruction = decoder.decode();
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        instructions.push((line(lines, instruction.ip()), text));
    }
    Function { name: name.to_owned(), instructions, is_cut: decoder.can_decode() }
}

/// The innermost line of the snippet that an address comes from.
fn line(lines: &Loader, address: u64) -> u32 {
    let Ok(mut frames) = lines.find_frames(address) else { return 0 };
    while let Ok(Some(frame)) = frames.next() {
        if let Some(location) = frame.location
            && location.file.is_some_and(|file| file.ends_with("src/main.rs"))
        {
            return location.line.unwrap_or(0);
        }
    }
    0
}

/// What lies at addresses.
#[derive(Clone)]
struct Names(BTreeMap<u64, String>);

impl SymbolResolver for Names {
    fn symbol(
        &mut self,
        _: &iced_x86::Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        let name = self.0.get(&address)?;
        Some(SymbolResult::with_str(address, name))
    }
}
