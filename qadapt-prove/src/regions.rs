//! Which regions a file has, and what people call them.
//!
//! A copy of a region is a function of the guard's that was inlined: its type arguments name the closure or the future
//! (`__qadapt_region<usize, app::step::{closure_env#0}>`). Copies of one region are listed as one.

use std::collections::{BTreeMap, BTreeSet};

use qadapt_code::origin::is_guard;

use super::calls::Opens;
use super::copies::RegionCopy;
use super::folded::{in_function, unlisted, within, without_arguments};
use super::inlined::Tree;
use super::marks::{Kind, Note};
use super::methods;
use super::names::Names;
use super::place::Place;
use super::sources::Opened;
use super::spelled::{arguments_of_closure, is_drop, is_of_std, last_argument, region_name};
use super::symbol::demangle;

/// A protected region of a binary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    /// The address of its function.
    pub(crate) addr: u64,
    /// Its name.
    pub(crate) name: String,
    /// Whether its author requires a proof.
    pub(crate) required: bool,
    /// Where it is opened, if that is known.
    pub(crate) at: Option<Place>,
    /// The function in which it is opened.
    pub(crate) function: Option<String>,
    /// How many other functions have its code and are not listed for it.
    pub(crate) shared_by: usize,
}

impl Region {
    /// A function taken as a region.
    pub(crate) fn function(addr: u64, name: String) -> Self {
        Self { addr, name, required: false, at: None, function: None, shared_by: 0 }
    }
}

/// A region with its copies in the file; it may have none.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    /// The region; its address is that of the function with the first copy.
    pub(crate) region: Region,
    /// What kind of region it is.
    pub(crate) kind: Kind,
    /// Its copies.
    pub(crate) copies: Vec<RegionCopy>,
}

/// The regions of a file.
#[derive(Debug, Default)]
pub(crate) struct Regions {
    /// All of them.
    pub(crate) listed: Vec<Listed>,
    /// A function that makes something whose polls are regions, if the debug information does not say what.
    pub(crate) making: Option<String>,
}

/// The regions of a file: of the copies that it has, of the notes of its source, and of the calls in its source that open
/// one.
pub(crate) fn list(names: &Names<'_>, copies: Vec<RegionCopy>, notes: &[Note], opened: &[Opened]) -> Regions {
    let mut found: Vec<(Listed, Vec<Identity>)> = Vec::new();
    let drops_inside = copies.iter().any(|copy| copy.kind == Kind::Drops);
    let (made, copies): (Vec<RegionCopy>, Vec<RegionCopy>) =
        copies.into_iter().partition(|copy| copy.kind == Kind::Made);
    let polled: BTreeSet<String> = copies.iter().filter_map(watched).collect();
    for copy in copies.into_iter().filter(|copy| is_listed(copy, drops_inside)) {
        let (region, identity) = describe(names, &copy);
        let same = found.iter_mut().find(|(listed, others)| {
            is_one(listed.kind, copy.kind)
                && listed.region.name == region.name
                && listed.region.at == region.at
                && (listed.kind != copy.kind || others.iter().all(|other| other.is_same(&identity)))
        });
        match same {
            Some((listed, identities)) => {
                if listed.kind == copy.kind {
                    identities.push(identity);
                } else if listed.kind == Kind::Quiet {
                    listed.kind = copy.kind;
                    *identities = vec![identity];
                }
                listed.copies.push(copy);
            }
            None => found.push((Listed { region, kind: copy.kind, copies: vec![copy] }, vec![identity])),
        }
    }
    let mut listed: Vec<Listed> = found.into_iter().map(|(listed, _)| listed).collect();
    let mut twins = Vec::new();
    for known in &mut listed {
        let functions = names.functions(known.region.addr);
        known.region.shared_by = unlisted(&functions, &known.region.name);
        twins.extend(folded(&functions, known, opened));
    }
    listed.extend(twins);
    let making: Vec<(Region, bool)> = made
        .iter()
        .filter(|copy| copy.scope.is_some())
        .map(|copy| describe_made(names, copy, &polled))
        .collect();
    let mut missing = Vec::new();
    for note in notes {
        let mut is_listed = false;
        for known in listed.iter_mut().filter(|known| is_of(known, note)) {
            is_listed = true;
            known.region.required |= note.required;
        }
        if !is_listed {
            missing.push(without_copies(&note.name, note.at.clone(), note.required, Kind::Region));
        }
    }
    let (of_polls, others): (Vec<&Opened>, Vec<&Opened>) =
        opened.iter().partition(|call| call.opens == Opens::Polls);
    let regions: Vec<&Region> = listed.iter().map(|known| &known.region).collect();
    let makings: Vec<&Region> =
        regions.iter().copied().chain(making.iter().map(|(region, _)| region)).collect();
    let calls = absent(&others, &regions).into_iter().map(|call| (call, Kind::Region));
    let calls = calls.chain(absent(&of_polls, &makings).into_iter().map(|call| (call, Kind::Made)));
    missing.extend(calls.map(|(call, kind)| without_copies(&call.name, call.at.clone(), false, kind)));
    let mut unpolled: Vec<Listed> = Vec::new();
    for (region, _) in making.into_iter().filter(|(_, is_polled)| !is_polled) {
        if !unpolled.iter().any(|known| known.region.name == region.name && known.region.at == region.at) {
            unpolled.push(Listed { region, kind: Kind::Made, copies: Vec::new() });
        }
    }
    listed.extend(missing);
    listed.extend(unpolled);
    tell_apart(&mut listed);
    let nameless = made.iter().find(|copy| copy.scope.is_none());
    Regions { listed, making: nameless.map(|copy| names.function(copy.function)) }
}

/// Whether two copies at one place are of one region. Without optimisation a policy's region begins at two labels, one for policies
/// that let it allocate.
fn is_one(known: Kind, other: Kind) -> bool {
    known == other || [known, other].iter().all(|kind| matches!(kind, Kind::Region | Kind::Quiet))
}

/// A region that the file has no copy of.
fn without_copies(name: &str, at: Place, required: bool, kind: Kind) -> Listed {
    let region = Region { required, at: Some(at), ..Region::function(0, name.to_owned()) };
    Listed { region, kind: if required { Kind::Required } else { kind }, copies: Vec::new() }
}

/// The calls that open none of these regions. One line may have several of both, and the columns of debug information need
/// not be those of the source.
fn absent<'c>(calls: &[&'c Opened], regions: &[&Region]) -> Vec<&'c Opened> {
    let mut absent = Vec::new();
    let mut seen: BTreeSet<(&str, u32)> = BTreeSet::new();
    for call in calls.iter().filter(|call| seen.insert((&call.at.file, call.at.line))) {
        let there =
            calls.iter().filter(|other| other.at.line == call.at.line && other.at.file == call.at.file);
        let columns: BTreeSet<u32> =
            places(regions).filter(|at| is_at(at, &call.at)).map(|at| at.column).collect();
        let (exact, rest): (Vec<&'c Opened>, Vec<&'c Opened>) =
            there.copied().partition(|call| columns.contains(&call.at.column));
        let others = columns.iter().filter(|column| !exact.iter().any(|call| call.at.column == **column));
        absent.extend(rest.into_iter().skip(others.count()));
    }
    let (of_macros, mut absent): (Vec<&Opened>, Vec<&Opened>) =
        absent.into_iter().partition(|call| call.defined.is_some());
    absent.extend(absent_of_macros(&of_macros, regions));
    absent
}

/// The same of calls of macros: debug information may have the place of the definition for all of them, which the function
/// tells apart.
fn absent_of_macros<'c>(calls: &[&'c Opened], regions: &[&Region]) -> Vec<&'c Opened> {
    let mut absent = Vec::new();
    let mut seen: BTreeSet<(&Place, &str)> = BTreeSet::new();
    for call in calls {
        let Some(defined) = &call.defined else { continue };
        if !seen.insert((defined, &call.function)) {
            continue;
        }
        let same = calls
            .iter()
            .filter(|other| other.defined.as_ref() == Some(defined) && other.function == call.function);
        let there: BTreeSet<&str> = regions
            .iter()
            .filter(|region| region.at.as_ref().is_some_and(|at| is_at(at, defined)))
            .filter(|region| {
                region.function.as_deref().is_some_and(|name| last_part(name) == last_part(&call.function))
            })
            .map(|region| region.name.as_str())
            .collect();
        absent.extend(same.copied().skip(there.len()));
    }
    absent
}

fn places<'r>(regions: &'r [&'r Region]) -> impl Iterator<Item = &'r Place> {
    regions.iter().filter_map(|region| region.at.as_ref())
}

/// The last part of a path, without what its brackets say.
fn last_part(path: &str) -> &str {
    let path = path.rsplit_once("::<").filter(|(_, rest)| rest.ends_with('>')).map_or(path, |(path, _)| path);
    path.rsplit("::").next().unwrap_or(path)
}

/// What a copy of a region watches poll by poll, as the debug information spells its type.
fn watched(copy: &RegionCopy) -> Option<String> {
    let (tree, scope) = copy.scope.as_ref()?;
    let argument = last_argument(&tree.scopes[*scope].name)?;
    match copy.kind {
        Kind::Poll | Kind::QuietPoll | Kind::Made => Some(argument),
        Kind::Part if !is_drop(&argument) => arguments_of_closure(&argument).into_iter().next(),
        _ => None,
    }
}

/// The region that something is in whenever it is polled, by the place that makes it; and whether the file has such polls.
fn describe_made(names: &Names<'_>, copy: &RegionCopy, polled: &BTreeSet<String>) -> (Region, bool) {
    (describe(names, copy).0, watched(copy).is_some_and(|watched| polled.contains(&watched)))
}

/// The regions of functions that the linker or the optimiser has found identical to the one of this region: its code is
/// theirs, and the debug information speaks of one of them only. That one is the region's `function`, or the one that it was
/// inlined into. Nothing tells how far the regions of the others go, whose labels are at the same places: as far as all of the code.
///
/// Only a function of std is none of these: no region stands in one, and what was inlined there has a name of its own.
fn folded(functions: &[String], known: &Listed, opened: &[Opened]) -> Vec<Listed> {
    let region = &known.region;
    let within = within(functions, &region.name);
    let Some(one) = within.map(|(function, _)| function).or(functions.first()) else { return Vec::new() };
    let twin = |other: &String| {
        let name = match within {
            Some((_, rest)) => format!("{other}{rest}"),
            None => format!("{other} (its code is that of {one}, which has {})", region.name),
        };
        let is_poll = matches!(known.kind, Kind::Poll | Kind::QuietPoll | Kind::Part);
        let call = opened.iter().find(|call| match within {
            Some((_, rest)) => {
                in_function(&call.name, other).is_some_and(|call| call.is_empty() == rest.is_empty())
            }
            None => is_poll && call.opens == Opens::Polls && call.function == *other,
        });
        let at = call.map(|call| call.at.clone());
        let region = Region { name, at, function: Some(other.clone()), ..region.clone() };
        // Instances of one function have the same regions.
        let is_other = without_arguments(other) != without_arguments(one);
        let copies =
            known.copies.iter().map(|copy| RegionCopy { whole: copy.whole || is_other, ..copy.clone() });
        Listed { region, kind: known.kind, copies: copies.collect() }
    };
    functions.iter().filter(|other| *other != one && !is_of_std(other)).map(twin).collect()
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
fn is_listed(copy: &RegionCopy, drops_inside: bool) -> bool {
    match (copy.kind, &copy.scope) {
        (Kind::Drops | Kind::Made, _) => false,
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

/// Names a copy and says where it is.
fn describe(names: &Names<'_>, copy: &RegionCopy) -> (Region, Identity) {
    let mut region = Region::function(copy.function, String::new());
    region.required = copy.kind == Kind::Required;
    let Some((tree, scope)) = &copy.scope else {
        let functions = names.functions(copy.labels.first().copied().unwrap_or(copy.function));
        let owner = functions.iter().find(|name| !is_of_std(name)).or(functions.first());
        let function = owner.cloned().unwrap_or_else(|| names.function(copy.function));
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
fn function(names: &Names<'_>, copy: &RegionCopy, tree: &Tree, scope: usize) -> String {
    match (&tree.scopes[scope].symbol, scope) {
        (Some(symbol), _) => demangle(symbol),
        (None, 0) => names.function(copy.function),
        (None, _) => tree.scopes[scope].name.clone(),
    }
}

/// Whether a listed region is one of a note's copies.
fn is_of(listed: &Listed, note: &Note) -> bool {
    let name = &listed.region.name;
    let called = *name == note.name
        || listed.region.function.as_deref() == Some(&note.name)
        || name
            .strip_prefix(&note.name)
            .is_some_and(|rest| rest.starts_with("::{async") || rest.starts_with('<'));
    let here = listed.region.at.as_ref().is_some_and(|at| {
        (at.line, at.column) == (note.at.line, note.at.column) && ends_with_path(&at.file, &note.at.file)
    });
    called || here
}

/// Whether a place in debug information is on the line of a call.
fn is_at(at: &Place, call: &Place) -> bool {
    let (one, other) = (&at.file, &call.file);
    at.line == call.line && (ends_with_path(one, other) || ends_with_path(other, one))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_end_at_whole_parts() {
        assert!(ends_with_path("/a/src/main.rs", "src/main.rs") && ends_with_path("x.rs", "x.rs"));
        assert!(!ends_with_path("/a/bsrc/main.rs", "src/main.rs"));
    }
}
