//! Runs as witnesses: a proven region that was seen at the allocator.

use std::path::Path;

use qadapt_code::origin::relative;
use qadapt_prove::{Answer, Place, Proof, Verdict};
use serde::Serialize;

use crate::report::figures::{Counts, Region, RegionKind, Report};

/// A region that is proven and yet touched the heap in a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// The region's name.
    pub region: String,
    /// Where it is.
    pub at: Option<Place>,
    /// The binary with the proof.
    pub binary: String,
    /// The profile that the run was made in.
    pub profile: String,
    /// Requests for memory outside permits, in all entries.
    pub allocations: u64,
    /// Deallocations outside permits; 0 where the region may free.
    pub frees: u64,
}

/// The proofs that these runs contradict. A proof is held against the runs in its own profile, or if it has none
/// against all. `root` is what places in the report are relative to.
///
/// A proof says nothing of panics, which allocate: a region that was seen to panic is left out.
#[must_use]
pub fn contradictions(
    proofs: &[Proof],
    report: &Report,
    root: &Path,
    allow_frees: bool,
) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for proof in proofs {
        for (index, profile) in report.profiles.iter().enumerate() {
            if proof.profile.as_ref().is_some_and(|name| *name != profile.name) {
                continue;
            }
            for (number, region) in report.regions.iter().enumerate() {
                let Some(Some(counts)) = region.counts.get(index) else { continue };
                let (allocations, frees) = touches(counts, allow_frees);
                if allocations + frees == 0 || may_have_panicked(report, number, index) {
                    continue;
                }
                let Some(verdict) = proof_of(proof, report, region, root) else { continue };
                if verdict.answer == Answer::Proven {
                    found.push(Contradiction {
                        region: verdict.region.clone(),
                        at: verdict.at.clone(),
                        binary: proof.binary.clone(),
                        profile: profile.name.clone(),
                        allocations,
                        frees,
                    });
                }
            }
        }
    }
    found
}

/// What is wrong with runs none of which is of a profile that was proven: nothing is held against them.
#[must_use]
pub fn unheard(proofs: &[Proof], report: &Report) -> Option<String> {
    let runs: Vec<&str> = report.profiles.iter().map(|profile| profile.name.as_str()).collect();
    if runs.is_empty() {
        return Some("there is no trace in what --trace names: no proof was held against a run".to_owned());
    }
    let mut proven: Vec<&str> = proofs.iter().map(|proof| proof.profile.as_deref()).collect::<Option<_>>()?;
    proven.dedup();
    let quoted = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    (!runs.iter().any(|name| proven.contains(name))).then(|| {
        format!(
            "no proof was held against a run: the traces are of the profile {}, the proofs of {}. Write PROFILE=PATH, as in \
             --trace {}=PATH",
            quoted(&runs),
            quoted(&proven),
            proven.first().unwrap_or(&"release")
        )
    })
}

fn touches(counts: &Counts, allow_frees: bool) -> (u64, u64) {
    let allocations = counts.allocs.saturating_add(counts.reallocs).saturating_add(counts.failed);
    (allocations, if allow_frees { 0 } else { counts.deallocs })
}

/// The verdict that speaks of a region of a report: of the same name, or at the same place if there is but one there.
fn proof_of<'p>(proof: &'p Proof, report: &Report, region: &Region, root: &Path) -> Option<&'p Verdict> {
    // The others are no closures: a proof never speaks of them.
    if !matches!(region.place.kind, RegionKind::Plain | RegionKind::Policy) {
        return None;
    }
    if let Some(name) = &region.place.name {
        let called =
            |v: &&Verdict| v.region == *name || v.function.as_deref().is_some_and(|f| path(f) == *name);
        let mut same = proof.verdicts.iter().filter(called);
        // Several instances of one function: the run does not say in which it was.
        if let (Some(verdict), others) = (same.next(), same.all(|v| v.answer == Answer::Proven)) {
            return others.then_some(verdict);
        }
    }
    let here = |v: &&Verdict| {
        v.at.as_ref()
            .is_some_and(|at| at.line == region.place.line && relative(&at.file, root) == region.place.file)
    };
    let at_place: Vec<&Verdict> = proof.verdicts.iter().filter(here).collect();
    let exact = at_place.iter().filter(|v| v.at.as_ref().is_some_and(|at| at.column == region.place.column));
    let neighbours = report
        .regions
        .iter()
        .filter(|r| r.place.file == region.place.file && r.place.line == region.place.line)
        .count();
    let candidates: Vec<&Verdict> = if neighbours > 1 { exact.copied().collect() } else { at_place.clone() };
    let all_proven = candidates.iter().all(|v| v.answer == Answer::Proven);
    candidates.first().copied().filter(|_| all_proven)
}

/// A function's path as an attribute spells it: without type arguments, and with the type for which it is implemented.
fn path(function: &str) -> String {
    let mut plain = String::new();
    let mut depth = 0u32;
    let whole = match function.strip_prefix('<') {
        // `<type as trait>::method`, `<type>::method`.
        Some(rest) => match rest.rsplit_once(">::") {
            Some((owner, method)) => format!("{}::{method}", owner.split(" as ").next().unwrap_or(owner)),
            None => return function.to_owned(),
        },
        None => function.to_owned(),
    };
    for c in whole.replace("::<", "<").chars() {
        match c {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    plain
}

/// Whether the panic machinery was seen at the allocator inside the region. Where not all of the region's own events have
/// their stacks on record, some are of regions inside it: then any panic in the profile counts.
fn may_have_panicked(report: &Report, region: usize, profile: usize) -> bool {
    let counted = |site: &crate::report::figures::Site| {
        site.counts.get(profile).copied().flatten().map_or(0, |counts| counts.count)
    };
    let here = || report.sites.iter().filter(|site| counted(site) > 0);
    let panics = |site: &crate::report::figures::Site| {
        site.stack
            .iter()
            .filter_map(|&frame| report.frames.get(frame as usize))
            .any(|frame| is_panic(&frame.function))
    };
    if here().any(|site| site.region == region && panics(site)) {
        return true;
    }
    let own: u64 = here().filter(|site| site.region == region).map(counted).fold(0, u64::saturating_add);
    let events = report.regions[region].counts.get(profile).copied().flatten().map_or(0, |c| c.events());
    own < events && here().any(panics)
}

/// Not `std::panicking::catch_unwind`, in which every thread runs.
fn is_panic(function: &str) -> bool {
    const PANICS: [&str; 6] = [
        "core::panicking::",
        "std::panicking::begin_panic",
        "std::panicking::panic",
        "std::panicking::rust_panic",
        "rust_begin_unwind",
        "_Unwind_RaiseException",
    ];
    let name = function.trim_start_matches("__rustc::");
    PANICS.iter().any(|panic| name.starts_with(panic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_no_type_arguments() {
        for (function, expected) in [
            ("app::step", "app::step"),
            ("app::generic::<u8, Vec<u8>>", "app::generic"),
            ("<app::Filter>::process", "app::Filter::process"),
            ("<app::Filter<f32> as app::Effect>::process", "app::Filter::process"),
        ] {
            assert_eq!(path(function), expected);
        }
    }

    #[test]
    fn catching_is_not_panicking() {
        assert!(is_panic("core::panicking::panic_fmt") && is_panic("__rustc::rust_begin_unwind"));
        assert!(is_panic("std::panicking::begin_panic::<&str>"));
        assert!(!is_panic("std::panicking::catch_unwind::do_call") && !is_panic("std::panic::catch_unwind"));
    }
}
