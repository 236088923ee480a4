//! What derived `Debug` calls: the builders of `core::fmt`, told from their arguments. So are the formatting of floats and of texts with
//! escapes.
//!
//! A builder keeps its `Formatter` in memory, and for `{:#?}` it puts a `PadAdapter` of its own before the writer; what formats floats
//! and escapes puts its `Formatter` away beside buffers of which addresses get out. So their code cannot be followed. But what it calls through pointers is known: methods of the writer, and `fmt` of the values that it was
//! given, with a `Formatter` that leads to the same writer. So where the writer's vtable and those of the values are constants,
//! these calls stand in for the ones that it makes through pointers.
//!
//! ```text
//! debug_tuple_field1_finish(f, "One", &value)      f: a Formatter whose writer is known
//!     -> write_str, write_char of the writer       what PadAdapter calls too, for whatever it is asked
//!     -> fmt of the value, with f
//! ```
//!
//! A value that is formatted behind a `PadAdapter` is followed as if it wrote to the writer itself: `Formatter` calls `write_str` and
//! `write_char` alone, and of these two `PadAdapter` calls no others.
//!
//! This holds for rustc 1.93 to at least 1.95 (`library/core/src/fmt/`: `builders.rs`, `PadAdapter` and the builders; `mod.rs`,
//! `debug_tuple_field1_finish` and what stands around it, `pad_formatted_parts`, `Debug` of `str`; `float.rs`). [`known`] looks at the name, and at the code for calls through pointers
//! that are none of a first or second method; whatever is otherwise stays unresolved.

use super::body::{Call, Callee, Fact, Given};
use super::decode::Steps;
use super::fixups::Slot;
use super::load::Image;
use super::machine::Machine;
use super::step::{FP, Flow, Mem, Reg, SP, Via};
use super::symbol::demangle;

/// Where a vtable has its first method: `write_str` of a writer, `fmt` of a value.
const FIRST: u64 = 24;
/// Where it has its second: `write_char`.
const SECOND: u64 = 32;
/// The size of a trait object: a value's address, then its vtable.
const OBJECT: u64 = 16;
/// Where a formatting function gets its `Formatter`: rsi.
const FORMATTER: Reg = 6;
/// Structs with more fields must do without.
const MOST: u64 = 1 << 10;
/// So must those with longer names.
const LONGEST: usize = 1 << 12;

/// Who leads a function of core to its writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The `Formatter` that is this argument.
    Formatter(u64),
    /// The builder that is its first argument; it gives the same back if the flag is set.
    Builder(bool),
}

/// Where a function's arguments are, in words of eight bytes: six in registers, the others on the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// What has its writer.
    pub(crate) by: By,
    /// Texts: an address each, then the length.
    texts: Vec<u64>,
    /// Vtables of values.
    vtables: Vec<u64>,
    /// A slice of values: its address, then the length.
    slice: Option<u64>,
}

/// What is known of the arguments of a call.
pub(crate) struct Arguments<'f> {
    /// A word, if it is a constant or a number.
    pub(crate) word: &'f dyn Fn(u64) -> Option<u64>,
    /// The vtable at a distance from the address that a word is.
    pub(crate) vtable: &'f dyn Fn(u64, u64) -> Option<u64>,
}

/// What is said of a function here whose calls are told: so much, and nothing of its arguments. With constants among them it would call
/// what they lead to without a pointer, and without what is known of that here.
pub(crate) fn told() -> Given {
    Box::new([(FORMATTER, Fact::Arguments)])
}

/// The function at `addr`, if it works for builders and is as it is known here.
pub(crate) fn known(image: &Image<'_>, addr: u64) -> Option<Known> {
    let name = name(image, addr)?;
    let known = by_name(&name)?;
    is_shaped(image, addr).then_some(known)
}

/// The size of the builder that the function at `addr` makes at the address in rdi, of the `Formatter` in rsi, if it does.
pub(crate) fn makes(image: &Image<'_>, addr: u64) -> Option<i64> {
    let name = name(image, addr)?;
    let size = match name.strip_prefix("core::fmt::Formatter::debug_")? {
        "tuple" => 24,
        "struct" | "list" | "set" | "map" => 16,
        _ => return None,
    };
    is_shaped(image, addr).then_some(size)
}

/// Whether the function at `addr` is called by those that are known, and what it calls is told with them.
pub(crate) fn is_inner(image: &Image<'_>, addr: u64) -> bool {
    let Some(name) = name(image, addr) else { return false };
    (by_name(&name).is_some() || is_inner_name(&name)) && is_shaped(image, addr)
}

fn is_inner_name(name: &str) -> bool {
    let is_method = |rest: &str| matches!(rest, "write_str" | "write_char");
    let of = |what: &str| name.strip_prefix(what).is_some_and(is_method);
    of("core::fmt::builders::PadAdapter as core::fmt::Write::")
        || of("core::fmt::Formatter as core::fmt::Write::")
        || of("core::fmt::Formatter::")
        || matches!(name, "core::fmt::Formatter::padding" | "core::fmt::Formatter::write_formatted_parts")
        || name == "core::char::EscapeDebug as core::fmt::Display::fmt"
        || (name.starts_with("core::escape::EscapeIterInner")
            && name.ends_with(" as core::fmt::Display::fmt"))
}

/// The name of a function of core that formats, without brackets.
fn name(image: &Image<'_>, addr: u64) -> Option<String> {
    let function = image.function_at(addr)?;
    let is_of_core = |name: &&&str| name.contains("core") && name.contains("3fmt");
    // Equal functions share an address; what is equal works for the same arguments.
    let mut names =
        function.names.iter().filter(is_of_core).map(|name| demangle(name).replace(['<', '>'], ""));
    names.find(|name| {
        by_name(name).is_some() || is_inner_name(name) || name.starts_with("core::fmt::Formatter::debug_")
    })
}

/// The arguments of a function, by its name.
fn by_name(name: &str) -> Option<Known> {
    let known = |by, texts: &[u64], vtables: &[u64], slice| {
        Some(Known { by, texts: texts.to_vec(), vtables: vtables.to_vec(), slice })
    };
    if let Some(method) = name.strip_prefix("core::fmt::builders::") {
        let gives_back = By::Builder(true);
        return match method {
            "DebugStruct::field" => known(gives_back, &[1], &[4], None),
            "DebugTuple::field" | "DebugList::entry" | "DebugSet::entry" | "DebugMap::key"
            | "DebugMap::value" => known(gives_back, &[], &[2], None),
            "DebugMap::entry" => known(gives_back, &[], &[2, 4], None),
            _ => {
                let (builder, last) = method.split_once("::")?;
                let is_builder =
                    matches!(builder, "DebugStruct" | "DebugTuple" | "DebugList" | "DebugSet" | "DebugMap");
                let ends = matches!(last, "finish" | "finish_non_exhaustive");
                if is_builder && ends { known(By::Builder(false), &[], &[], None) } else { None }
            }
        };
    }
    if name == "core::fmt::Formatter::pad_formatted_parts" || name.starts_with("core::fmt::float::float_to_")
    {
        return known(By::Formatter(0), &[], &[], None);
    }
    if name == "str as core::fmt::Debug::fmt" {
        return known(By::Formatter(2), &[], &[], None);
    }
    let derived = name.strip_prefix("core::fmt::Formatter::debug_")?.strip_suffix("_finish")?;
    let count = |fields: &str| fields.parse::<u64>().ok().filter(|count| (1..=5).contains(count));
    match derived {
        "struct_fields" => known(By::Formatter(0), &[1], &[], Some(5)),
        "tuple_fields" => known(By::Formatter(0), &[1], &[], Some(3)),
        _ => {
            if let Some(fields) = derived.strip_prefix("struct_field") {
                let fields = 0..count(fields)?;
                let texts: Vec<u64> = fields.clone().map(|field| 3 + 4 * field).chain([1]).collect();
                known(By::Formatter(0), &texts, &fields.map(|field| 6 + 4 * field).collect::<Vec<_>>(), None)
            } else {
                let fields = 0..count(derived.strip_prefix("tuple_field")?)?;
                known(By::Formatter(0), &[1], &fields.map(|field| 4 + 2 * field).collect::<Vec<_>>(), None)
            }
        }
    }
}

/// Whether all calls through pointers are of functions at fixed places, of a first or second method, or of one in a register or on the
/// stack.
fn is_shaped(image: &Image<'_>, addr: u64) -> bool {
    // Elsewhere a method is read from a vtable before it is called.
    if image.machine() != Machine::X86_64 {
        return false;
    }
    let bounds = image.bounds(addr);
    let mut steps = Steps::new(image.code(bounds.start, bounds.end), bounds.start);
    let mut at = addr;
    while bounds.contains(&at) {
        let step = steps.flow_at(at);
        match step.flow {
            Flow::CallVia(via) | Flow::JumpVia(via) => match via {
                Via::Reg(_)
                | Via::Mem(
                    Mem { base: None | Some(SP | FP), index: None, .. }
                    | Mem { base: Some(_), index: None, disp: FIRST | SECOND },
                ) => {}
                _ => return false,
            },
            Flow::Undecodable => return false,
            _ => {}
        }
        at = step.next;
    }
    bounds.contains(&addr)
}

impl Known {
    /// What a call of the function calls through pointers, with a writer of this vtable.
    pub(crate) fn calls(
        &self,
        image: &Image<'_>,
        site: u64,
        writer: u64,
        arguments: &Arguments<'_>,
    ) -> Option<Vec<Call>> {
        // The compiler may have taken an argument away that is the same in all calls; then what is left is not where it was.
        for &text in &self.texts {
            let (at, length) = ((arguments.word)(text)?, (arguments.word)(text + 1)?);
            let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST)?;
            if length > 0 {
                std::str::from_utf8(image.frozen(at, length)?).ok()?;
            }
        }
        let mut vtables = Vec::new();
        for &word in &self.vtables {
            // The value's address stands before its vtable.
            if (arguments.word)(word - 1).is_some_and(|value| image.leads_to_code(value)) {
                return None;
            }
            vtables.push((arguments.word)(word)?);
        }
        if let Some(slice) = self.slice {
            let length = (arguments.word)(slice + 1).filter(|length| *length <= MOST)?;
            for object in 0..length {
                vtables.push((arguments.vtable)(slice, object * OBJECT + 8)?);
            }
        }
        let mut calls =
            vec![method(image, site, writer, FIRST, None)?, method(image, site, writer, SECOND, None)?];
        for vtable in vtables {
            calls.push(method(image, site, vtable, FIRST, Some(writer))?);
        }
        Some(calls)
    }
}

/// The call of a method, with a `Formatter` that leads to this writer.
fn method(image: &Image<'_>, site: u64, vtable: u64, at: u64, writer: Option<u64>) -> Option<Call> {
    let callee = match image.constant(vtable.checked_add(at)?)? {
        Slot::Addr(addr) if image.function_at(addr).is_some() => Callee::Local(addr),
        Slot::Addr(_) => return None,
        Slot::Import(index) => Callee::Import(index),
    };
    let given: Given = writer.into_iter().map(|writer| (FORMATTER, Fact::Formatter(writer))).collect();
    Some(Call { given, sure: false, ..Call::new(site, callee) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_where_the_names_say() {
        let of =
            |name: &str| by_name(&format!("core::fmt::{name}")).map(|k| (k.by, k.texts, k.vtables, k.slice));
        let formatter = By::Formatter(0);
        for (name, expected) in [
            ("Formatter::debug_tuple_field1_finish", (formatter, vec![1], vec![4], None)),
            ("Formatter::debug_tuple_field3_finish", (formatter, vec![1], vec![4, 6, 8], None)),
            ("Formatter::debug_tuple_fields_finish", (formatter, vec![1], vec![], Some(3))),
            ("Formatter::debug_struct_field2_finish", (formatter, vec![3, 7, 1], vec![6, 10], None)),
            ("Formatter::debug_struct_fields_finish", (formatter, vec![1], vec![], Some(5))),
            ("Formatter::pad_formatted_parts", (formatter, vec![], vec![], None)),
            ("float::float_to_decimal_common_exact::f64", (formatter, vec![], vec![], None)),
            ("builders::DebugStruct::field", (By::Builder(true), vec![1], vec![4], None)),
            ("builders::DebugMap::entry", (By::Builder(true), vec![], vec![2, 4], None)),
            ("builders::DebugSet::finish", (By::Builder(false), vec![], vec![], None)),
        ] {
            assert_eq!(of(name), Some(expected), "{name}");
        }
        for name in [
            "Formatter::debug_tuple_field6_finish",
            "Formatter::debug_tuple_field_finish",
            "Formatter::debug_list",
            "Formatter::pad",
            "builders::DebugList::entries",
            "builders::DebugInner::finish",
            "builders::PadAdapter as core::fmt::Write::write_str",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
