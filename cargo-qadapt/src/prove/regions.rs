//! Which regions a file has, and what people call them.
//!
//! A copy of a region is a function of the guard's that was inlined: its type arguments name the closure or the future
//! (`__qadapt_region<usize, app::step::{closure_env#0}>`). Copies of one region are listed as one.

use std::collections::{BTreeMap, BTreeSet};

use super::copies::Copy;
use super::inlined::Tree;
use super::marks::{Kind, Record};
use super::methods;
use super::names::{Names, is_guard};
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

/// A region with its copies in the file; it may have none.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The region; its address is that of the function with the first copy.
    pub region: Region,
    /// What kind of region it is.
    pub kind: Kind,
    /// Its copies.
    pub copies: Vec<Copy>,
}

/// The regions of a file: of the copies that it has, of the records of its source, and of the calls in its source that open
/// one.
#[must_use]
pub fn list(names: &Names<'_>, copies: Vec<Copy>, records: &[Record], opened: &[Record]) -> Vec<Listed> {
    let mut found: Vec<(Listed, Vec<Identity>)> = Vec::new();
    let drops_inside = copies.iter().any(|copy| copy.kind == Kind::Drops);
    for copy in copies.into_iter().filter(|copy| is_listed(copy, drops_inside)) {
        let (region, identity) = describe(names, &copy);
        let same = found.iter_mut().find(|(listed, others)| {
            listed.kind == copy.kind
                && listed.region.name == region.name
                && listed.region.at == region.at
                && others.iter().all(|other| other.is_same(&identity))
        });
        match same {
            Some((listed, identities)) => {
                listed.copies.push(copy);
                identities.push(identity);
            }
            None => found.push((Listed { region, kind: copy.kind, copies: vec![copy] }, vec![identity])),
        }
    }
    let mut listed: Vec<Listed> = found.into_iter().map(|(listed, _)| listed).collect();
    let folded: Vec<Listed> = listed.iter().flat_map(|known| folded(names, known, opened)).collect();
    listed.extend(folded);
    let known: Vec<Place> = listed.iter().filter_map(|known| known.region.at.clone()).collect();
    let missing: Vec<Listed> = records
        .iter()
        .filter(|record| {
            let mut seen = false;
            for known in listed.iter_mut().filter(|known| is_of(known, record)) {
                seen = true;
                known.region.required |= record.required;
            }
            !seen
        })
        .chain(opened.iter().filter(|call| !known.iter().any(|at| is_at(at, call))))
        .map(|record| Listed {
            region: Region {
                addr: 0,
                name: record.name.clone(),
                required: record.required,
                at: Some(record.at.clone()),
                function: None,
            },
            kind: if record.required { Kind::Required } else { Kind::Region },
            copies: Vec::new(),
        })
        .collect();
    listed.extend(missing);
    tell_apart(&mut listed);
    listed
}

/// The regions of functions that the linker or the optimiser has found identical to the one of this region: its code is
/// theirs, and the debug information speaks of one of them only. That one is the region's `function`, or the one that it was
/// inlined into.
fn folded(names: &Names<'_>, known: &Listed, opened: &[Record]) -> Vec<Listed> {
    let region = &known.region;
    let functions = names.functions(region.addr);
    let within = functions
        .iter()
        .filter_map(|function| Some((function, in_function(&region.name, function)?)))
        .max_by_key(|(function, _)| function.len());
    let Some(one) = within.map(|(function, _)| function).or(functions.first()) else { return Vec::new() };
    let twin = |other: &String| {
        let name = match within {
            Some((_, rest)) => format!("{other}{rest}"),
            None => format!("{other} (its code is that of {one}, which has {})", region.name),
        };
        let call = within.and_then(|(_, rest)| {
            opened.iter().find(|call| {
                in_function(&call.name, other).is_some_and(|call| call.is_empty() == rest.is_empty())
            })
        });
        let at = call.map(|call| call.at.clone());
        let region = Region { name, at, function: Some(other.clone()), ..region.clone() };
        Listed { region, kind: known.kind, copies: known.copies.clone() }
    };
    functions.iter().filter(|other| *other != one).map(twin).collect()
}

/// What a region's name says besides the function that it stands in: nothing for the first closure in it.
fn in_function<'a>(region: &'a str, function: &str) -> Option<&'a str> {
    let rest = region.strip_prefix(function)?;
    match rest {
        "" | "::{closure}" => Some(""),
        _ => (rest.starts_with("::{") || rest.starts_with(" (")).then_some(rest),
    }
}

/// What tells instances of a generic region apart that have the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Identity {
    /// The symbol of the guard's function.
    Symbol(String),
    /// The unit, and the entry in it; the same region has another one in another unit.
    Entry(u64, u64),
    Unknown(u64),
}

impl Identity {
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Entry(unit, entry), Self::Entry(other_unit, other_entry)) => {
                unit != other_unit || entry == other_entry
            }
            (a, b) => a == b,
        }
    }
}

/// Whether a copy is listed: not what the guard does around the poll of a future, which is a region of its own, and not
/// what it does to drop one, unless the program drops one inside its region.
fn is_listed(copy: &Copy, drops_inside: bool) -> bool {
    match (copy.kind, &copy.scope) {
        (Kind::Drops, _) => false,
        (Kind::Part, Some((tree, scope))) => {
            let closure = last_argument(&tree.scopes[*scope].name).unwrap_or_default();
            let is_future = arguments_of_closure(&closure).last().is_some_and(|poll| {
                poll.starts_with("qadapt::region::guarded::") && poll.contains("::poll::{closure_env#")
            });
            !is_future && (drops_inside || !is_drop(&closure))
        }
        _ => true,
    }
}

/// Whether the guard's closure is the one that drops what is watched.
fn is_drop(closure: &str) -> bool {
    closure.split('<').next().is_some_and(|path| path.contains("::drop::"))
}

/// Names a copy and says where it is.
fn describe(names: &Names<'_>, copy: &Copy) -> (Region, Identity) {
    let mut region = Region::function(copy.function, String::new());
    region.required = copy.kind == Kind::Required;
    let Some((tree, scope)) = &copy.scope else {
        let function = names.function(copy.labels.first().copied().unwrap_or(copy.function));
        region.name = match copy.kind {
            Kind::Extent => format!("{function} (until it is closed)"),
            _ => format!("{function} (somewhere in it)"),
        };
        region.function = Some(function);
        return (region, Identity::Unknown(copy.function));
    };
    let mark = &tree.scopes[*scope];
    // Outwards to the first call that is not one of the guard's own.
    let mut opened = *scope;
    while is_guard(&tree.scopes[opened].call.file)
        && let Some(parent) = tree.scopes[opened].parent
    {
        opened = parent;
    }
    let argument = last_argument(&mark.name);
    if let Some(parent) = tree.scopes[opened].parent {
        region.at = Some(tree.scopes[opened].call.clone());
        region.function = Some(function(names, copy, tree, parent));
    }
    let name = match copy.kind {
        Kind::Extent => region.function.as_ref().map(|f| format!("{f} (until it is closed)")),
        Kind::Part => argument.as_deref().and_then(|closure| {
            let watched = region_name(arguments_of_closure(closure).first()?);
            Some(if is_drop(closure) { format!("{watched} (its drop)") } else { watched })
        }),
        _ => argument.map(|closure| region_name(&closure)),
    };
    region.name = match name {
        Some(name) => methods::by_symbol(&name, region.function.as_deref()),
        None => names.function(copy.function),
    };
    let identity = match &mark.symbol {
        Some(symbol) => Identity::Symbol(symbol.clone()),
        None => Identity::Entry(mark.origin.0, mark.origin.1),
    };
    (region, identity)
}

/// The name of a scope with its path, if that can be known.
fn function(names: &Names<'_>, copy: &Copy, tree: &Tree, scope: usize) -> String {
    match (&tree.scopes[scope].symbol, scope) {
        (Some(symbol), _) => demangle(symbol),
        (None, 0) => names.function(copy.function),
        (None, _) => tree.scopes[scope].name.clone(),
    }
}

/// Whether a listed region is one of a record's copies.
fn is_of(listed: &Listed, record: &Record) -> bool {
    let name = &listed.region.name;
    let called = *name == record.name
        || listed.region.function.as_deref() == Some(&record.name)
        || name
            .strip_prefix(&record.name)
            .is_some_and(|rest| rest.starts_with("::{async") || rest.starts_with('<'));
    let here = listed.region.at.as_ref().is_some_and(|at| {
        (at.line, at.column) == (record.at.line, record.at.column)
            && ends_with_path(&at.file, &record.at.file)
    });
    called || here
}

/// Whether a region that is opened here is the one that this call opens: by the line, of which debug information may have
/// another column.
fn is_at(at: &Place, call: &Record) -> bool {
    let (one, other) = (&at.file, &call.at.file);
    at.line == call.at.line && (ends_with_path(one, other) || ends_with_path(other, one))
}

fn ends_with_path(path: &str, end: &str) -> bool {
    path == end || path.strip_suffix(end).is_some_and(|rest| rest.ends_with('/'))
}

/// Gives regions of the same name different ones: by the place at which their function was inlined, else by number.
fn tell_apart(listed: &mut [Listed]) {
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, listed) in listed.iter().enumerate() {
        names.entry(listed.region.name.clone()).or_default().push(index);
    }
    for same in names.into_values().filter(|same| same.len() > 1) {
        let mut seen = BTreeSet::new();
        for (number, index) in same.into_iter().enumerate() {
            let callers = callers(&listed[index]);
            let suffix = if callers.is_empty() || !seen.insert(callers.clone()) {
                format!(" #{}", number + 1)
            } else {
                format!(" [{callers}]")
            };
            listed[index].region.name.push_str(&suffix);
        }
    }
}

/// Where the functions that open a region were inlined.
fn callers(listed: &Listed) -> String {
    let mut places = BTreeSet::new();
    for copy in &listed.copies {
        let Some((tree, scope)) = &copy.scope else { continue };
        let mut opened = *scope;
        while is_guard(&tree.scopes[opened].call.file)
            && let Some(parent) = tree.scopes[opened].parent
        {
            opened = parent;
        }
        let Some(function) = tree.scopes[opened].parent else { continue };
        if tree.scopes[function].parent.is_some() {
            let call = &tree.scopes[function].call;
            let file = call.file.rsplit('/').next().unwrap_or(&call.file);
            places.insert(format!("{file}:{}:{}", call.line, call.column));
        }
    }
    places.into_iter().take(3).collect::<Vec<_>>().join(", ")
}

/// The last type argument of `name<A, B>`.
fn last_argument(spelled: &str) -> Option<String> {
    arguments(spelled)?.pop()
}

/// The type arguments of a closure, `path::{closure_env#0}<A, B>`.
fn arguments_of_closure(closure: &str) -> Vec<String> {
    let own = closure.find("{closure_env#").and_then(|at| arguments(&closure[at..]));
    own.unwrap_or_default()
}

/// The type arguments of `name<A, B>`.
fn arguments(spelled: &str) -> Option<Vec<String>> {
    let open = spelled.find('<')?;
    let inner = spelled[open + 1..].strip_suffix('>')?;
    let mut found = Vec::new();
    let mut depth = 0i32;
    let mut start = 0;
    let mut previous = ' ';
    for (i, c) in inner.char_indices() {
        match c {
            '<' | '(' | '[' | '{' => depth += 1,
            // Not the arrow of a function type.
            '>' if previous == '-' => {}
            '>' | ')' | ']' | '}' => depth -= 1,
            ',' if depth == 0 => {
                found.push(inner[start..i].trim().to_owned());
                start = i + 1;
            }
            _ => {}
        }
        previous = c;
    }
    found.push(inner[start..].trim().to_owned());
    Some(found)
}

/// A region's name from the type of its closure or future: the function it stands in, if it is its first.
fn region_name(closure: &str) -> String {
    let name = closure
        .replace("closure_env#", "closure#")
        .replace("async_block_env#", "async_block#")
        .replace("async_fn_env#", "async_fn#");
    for first in ["::{closure#0}", "::{async_fn#0}::{async_block#0}", "::{async_fn#0}"] {
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
            ("__qadapt_region<usize, app::step::{closure_env#0}>", "app::step"),
            ("__qadapt_region<usize, app::generic::{closure_env#0}<usize>>", "app::generic<usize>"),
            ("__qadapt_region<fn(u8, u8) -> u8, app::main::{closure_env#2}>", "app::main::{closure#2}"),
            (
                "__qadapt_poll<core::pin::Pin<&mut app::main::{async_block_env#1}>>",
                "core::pin::Pin<&mut app::main::{async_block#1}>",
            ),
        ] {
            assert_eq!(last_argument(spelled).map(|t| region_name(&t)).as_deref(), Some(name), "{spelled}");
        }
        assert_eq!(last_argument("region"), None);
    }

    #[test]
    fn a_poll_is_named_by_what_is_watched() {
        let closure = "qadapt::region::guarded::{impl#0}::poll_inside::{closure_env#0}<app::Ticks, qadapt::NoAlloc, u8>";
        assert_eq!(arguments_of_closure(closure), ["app::Ticks", "qadapt::NoAlloc", "u8"]);
    }

    #[test]
    fn a_region_is_of_its_function() {
        for (region, rest) in [
            ("app::step", Some("")),
            ("app::step::{closure}", Some("")),
            ("app::step::{closure#1}", Some("::{closure#1}")),
            ("app::step (until it is closed)", Some(" (until it is closed)")),
            ("app::steps", None),
            ("app::step::inner", None),
        ] {
            assert_eq!(in_function(region, "app::step"), rest, "{region}");
        }
    }

    #[test]
    fn paths_end_at_whole_parts() {
        assert!(ends_with_path("/a/src/main.rs", "src/main.rs") && ends_with_path("x.rs", "x.rs"));
        assert!(!ends_with_path("/a/bsrc/main.rs", "src/main.rs"));
    }
}
