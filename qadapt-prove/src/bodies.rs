//! Two files function by function: which of them have other code.
//!
//! A file with labels has notes beside its code, so that its data lie elsewhere. Addresses are therefore compared by what
//! they lead to: a place in the function, another function by its name, or data.

use std::collections::BTreeMap;
use std::path::Path;

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};
use serde::Serialize;

use super::debug::Beside;
use super::elf::{headers, named};
use super::load::Image;
use super::machine::Machine;
use super::mapped::mapped;
use super::problem::Problem;
use super::symbol::demangle;
use crate::error::Error;

/// What has other code in two files. [`compare_files`] has an example.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Differences {
    /// How many functions were compared.
    pub compared: usize,
    /// The names of those whose code differs.
    pub other: Vec<String>,
    /// The names of those that are in one of the files alone.
    pub alone: Vec<String>,
}

/// Compares the functions of two files by name. Of a stripped file the names are read beside it, as for a proof.
///
/// # Errors
/// If one cannot be read, or its functions have no names; the error says which.
///
/// # Examples
/// ```
/// # #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use qadapt_prove::compare_files;
/// let program = std::env::current_exe()?;
/// let found = compare_files(&program, &program)?;
/// assert!(found.compared > 0 && found.other.is_empty() && found.alone.is_empty());
/// # Ok(())
/// # }
/// # #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
/// # fn main() {}
/// ```
pub fn compare_files(one: &Path, other: &Path) -> crate::error::Result<Differences> {
    let (bodies, others) = (bodies_in(one)?, bodies_in(other)?);
    let mut found = Differences::default();
    for (name, own) in &bodies {
        let Some(theirs) = others.get(name) else {
            found.alone.push(name.clone());
            continue;
        };
        found.compared += 1;
        // Several functions can have one name, in any order.
        if own.len() != theirs.len() || !own.iter().all(|body| theirs.contains(body)) {
            found.other.push(name.clone());
        }
    }
    found.alone.extend(others.into_keys().filter(|name| !bodies.contains_key(name)));
    Ok(found)
}

/// The functions by name without its hash, which differs with the guard's build; several can have one name.
type Bodies = BTreeMap<String, Vec<Vec<Step>>>;

/// The functions of a file on disk, with the names that may lie beside it.
fn bodies_in(path: &Path) -> crate::error::Result<Bodies> {
    let data = mapped(path).map_err(|e| Error::io("open the binary", path, e))?;
    let read = || {
        let file = headers(&data)?;
        let beside = Beside::default();
        let separate = beside.separate(path, &file, &mut Vec::new());
        named(&file, separate.as_ref())?;
        let image = Image::of(&file, separate.as_ref())?;
        if image.machine() == Machine::X86_64 { Ok(bodies(&image)) } else { Err(Problem::NotCompared) }
    };
    read().map_err(|problem| Error::binary(path, problem))
}

fn bodies(image: &Image<'_>) -> Bodies {
    let mut bodies = Bodies::new();
    for function in image.functions().iter().filter(|f| f.size > 0) {
        let end = function.addr + function.size;
        let code = image.code(function.addr, end).bytes;
        let mut decoder = Decoder::with_ip(64, code, function.addr, DecoderOptions::NONE);
        let mut steps = Vec::new();
        while decoder.can_decode() {
            steps.push(step(image, function.addr..end, &decoder.decode()));
        }
        for name in &function.names {
            bodies.entry(bare(name)).or_default().push(steps.clone());
        }
    }
    bodies
}

/// A symbol without its hash and without the number that the optimiser gives what it makes local.
fn bare(symbol: &str) -> String {
    let mut name = demangle(symbol);
    if let Some((start, number)) = name.rsplit_once('.')
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        name.truncate(start.len());
    }
    name
}

/// An instruction without addresses, and what it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    instruction: Instruction,
    target: Option<Target>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Target {
    /// So far from the function's beginning.
    Own(u64),
    /// The function of this name, and so far from its beginning.
    Function(String, u64),
    /// Not code.
    Data,
}

fn step(image: &Image<'_>, own: std::ops::Range<u64>, instruction: &Instruction) -> Step {
    let mut plain = *instruction;
    plain.set_ip(0);
    plain.set_len(0);
    plain.set_next_ip(0);
    let branches = matches!(instruction.op0_kind(), OpKind::NearBranch64 | OpKind::NearBranch32);
    let address = if branches {
        plain.set_near_branch64(0);
        Some(instruction.near_branch_target())
    } else if instruction.memory_base() == Register::RIP {
        let address = instruction.ip_rel_memory_address();
        plain.set_memory_displacement64(0);
        plain.set_memory_displ_size(0);
        Some(address)
    } else {
        None
    };
    let target = address.map(|address| {
        if own.contains(&address) {
            return Target::Own(address - own.start);
        }
        match image.function_covering(address) {
            Some(f) => {
                Target::Function(f.names.first().map_or_else(String::new, |n| bare(n)), address - f.addr)
            }
            None => Target::Data,
        }
    });
    Step { instruction: plain, target }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_hash_and_number() {
        assert_eq!(bare("_ZN3app3mix17h0123456789abcdefE.281"), "app::mix");
        assert_eq!(bare("main.cold"), "main.cold");
    }
}
