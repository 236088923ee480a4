//! Verdicts as text for people.
//!
//! A region has one block for each outcome, however many instances it has; frames that are not the user's own are folded. All
//! of them are in the JSON, and of what could not be resolved as much as `--gaps` asks for.

use std::fmt::Write as _;
use std::path::Path as Folder;

use anstyle::Style;
use qadapt_code::origin::{Origin, after, is_guards, relative, shortened};
use qadapt_prove::{Answer, Frame, Gap, Group, Path, Place, Proof, Subject, Verdict, groups};

use super::compare::Difference;
use super::witness::Contradiction;
use crate::format::counted::counted;
use crate::format::source::printable;
use crate::format::style::{BAD, DIFFERENT, FAINT, HEADING, paint};

/// Instances that are named.
const MOST_NAMED: usize = 4;

/// All verdicts on one binary, and the count of each. Places are relative to `root`.
#[must_use]
pub fn proof(proof: &Proof, root: &Folder) -> String {
    let mut out = String::new();
    let profile = proof.profile.as_ref().map_or_else(String::new, |p| format!(", profile `{p}`"));
    // Writing to a `String` cannot fail.
    let _ = writeln!(out, "{}{profile} ({})", relative(&proof.binary, root), proof.about);
    let id = proof.identity.build_id.as_ref().map_or_else(String::new, |id| format!(", build id {id}"));
    let _ = writeln!(out, "SHA-256 {}{id}", proof.identity.sha256);
    let groups = groups(&proof.verdicts);
    for group in &groups {
        let _ = write_group(&mut out, group, root);
    }
    let (found, found_in_words) = match proof.subject {
        Subject::Allocation => (Answer::Allocates, "allocate"),
        Subject::Blocking => (Answer::Blocks, "may block"),
    };
    let count = |answer: Answer| groups.iter().filter(|group| group.answer() == Some(answer)).count();
    let instances = if groups.len() < proof.verdicts.len() {
        format!(" in {} instances, by their worst", proof.verdicts.len())
    } else {
        String::new()
    };
    let _ = writeln!(
        out,
        "{} region{}{instances}: {} proven, {} {found_in_words}, {} unknown, {} not in the binary",
        groups.len(),
        if groups.len() == 1 { "" } else { "s" },
        count(Answer::Proven),
        count(found),
        count(Answer::Unknown),
        count(Answer::Missing)
    );
    if let Some(code) = &proof.code {
        let _ = writeln!(
            out,
            "{} functions are in the file without labels too, {} of them with other code",
            code.compared,
            code.other.len()
        );
        for (names, what) in [(&code.other, "has other code"), (&code.alone, "is in one of the files alone")]
        {
            for name in names {
                let _ = writeln!(out, "    `{name}` {what}");
            }
        }
    }
    out
}

/// Where the profiles disagree.
#[must_use]
pub fn differences(differences: &[Difference]) -> String {
    let mut out = String::new();
    if !differences.is_empty() {
        out.push_str("Profiles differ:\n");
    }
    for d in differences {
        let answers: Vec<String> = d
            .answers
            .iter()
            .map(|(profile, answer)| format!("{profile}: {}", answer.map_or("not listed", Answer::word)))
            .collect();
        let _ = writeln!(out, "    {}  {}", d.region, answers.join(", "));
    }
    out
}

/// The proofs that runs contradict.
#[must_use]
pub fn contradictions(contradictions: &[Contradiction]) -> String {
    let mut out = String::new();
    for c in contradictions {
        let at = c.at.as_ref().map_or_else(String::new, |at| format!(" ({at})"));
        let _ = writeln!(
            out,
            "CONTRADICTED  {}{at}: proven in {}, but a run in profile {} counted {} allocations and {} frees in it, \
             outside permits and without a panic\n    \
             The build that ran had the checks on, and may have kept what the optimiser removed from the proven one: a \
             box that nobody keeps. Ask the build that ran about the region's function, or the one that it was inlined \
             into:\n      \
             cargo qadapt prove --binary {} --function REGEX\n    \
             If that ALLOCATES at the lines that the audit names, this is so, and what was proven holds for the proven \
             build. If not, make both from the same sources; if it stays, it is a bug of the prover: please report it \
             with both binaries",
            c.region,
            c.binary,
            c.profile,
            c.allocations,
            c.frees,
            audited(&c.binary, &c.profile)
        );
    }
    out
}

/// Where an audit leaves the program of which this one was proven, if it is there.
fn audited(proven: &str, profile: &str) -> String {
    // What `prove` builds lies in a folder of its own beside what audits build.
    let path = proven.replacen("/qadapt/prove/", "/qadapt/", 1);
    if path != proven && Folder::new(&path).is_file() {
        return path;
    }
    format!("target/qadapt/{profile}/PROGRAM")
}

/// A block for each outcome that the instances of a region have, the worst first.
fn write_group(out: &mut String, group: &Group<'_>, root: &Folder) -> std::fmt::Result {
    let mut outcomes: Vec<(String, Vec<&str>, &Verdict)> = Vec::new();
    for (instance, verdict) in &group.instances {
        let outcome = outcome(verdict, root);
        match outcomes.iter_mut().find(|(known, _, _)| *known == outcome) {
            Some((_, instances, _)) => instances.push(instance),
            None => outcomes.push((outcome, vec![instance], verdict)),
        }
    }
    outcomes.sort_by_key(|(_, _, verdict)| std::cmp::Reverse(verdict.answer));
    for (_, instances, verdict) in outcomes {
        let (headline, style) = headline(verdict);
        write!(out, "{}  {}", paint(style, headline), printable(&group.name))?;
        if let Some(at) = &verdict.at {
            write!(out, "  ({})", place(at, root))?;
        }
        if group.instances.len() > 1 {
            write!(out, ", {} of {} instances", instances.len(), group.instances.len())?;
            // Some differ in nothing that has a name.
            let named: Vec<String> =
                instances.iter().filter(|name| !name.is_empty()).map(|name| printable(name)).collect();
            let (first, more) = named.split_at(named.len().min(MOST_NAMED));
            if !first.is_empty() {
                write!(out, ": {}", first.join("; "))?;
            }
            if !more.is_empty() {
                write!(out, "; and {} more", more.len())?;
            }
        }
        if verdict.shared_by > 0 {
            write!(out, ", code of {} too", counted(verdict.shared_by, "other function"))?;
        }
        writeln!(out)?;
        write_reasons(out, verdict, root)?;
    }
    Ok(())
}

/// What makes two verdicts on one region the same for a reader: answer, lines and reasons, but not what lies between.
fn outcome(verdict: &Verdict, root: &Folder) -> String {
    let mut out = headline(verdict).0.to_owned();
    for path in &verdict.paths {
        let at = path.at.as_ref().map_or_else(String::new, |at| place(at, root));
        let _ = write!(out, "\n{} {} {at} {:?}", path.what, path.always, path.advice.map(|advice| advice.id));
    }
    for line in gaps(verdict, root) {
        let _ = write!(out, "\n{line}");
    }
    for assumption in &verdict.assumes {
        let _ = write!(out, "\n{assumption}");
    }
    out
}

fn headline(verdict: &Verdict) -> (&'static str, Style) {
    match verdict.answer {
        Answer::Missing => ("NOT IN THE BINARY", DIFFERENT),
        Answer::Proven => ("PROVEN", HEADING),
        Answer::Unknown => ("UNKNOWN", DIFFERENT),
        Answer::Allocates => {
            let words = match verdict.paths.first() {
                Some(Path { what: "frees", always: true, .. }) => "ALLOCATES (only frees, always)",
                Some(Path { what: "frees", .. }) => "ALLOCATES (only frees, on some path)",
                Some(Path { always: true, .. }) => "ALLOCATES always",
                _ => "ALLOCATES on some path",
            };
            (words, BAD)
        }
        Answer::Blocks => {
            let always = verdict.paths.first().is_some_and(|path| path.always);
            (if always { "MAY BLOCK always" } else { "MAY BLOCK on some path" }, BAD)
        }
    }
}

fn write_reasons(out: &mut String, verdict: &Verdict, root: &Folder) -> std::fmt::Result {
    for path in &verdict.paths {
        write_path(out, verdict.answer, path, root)?;
    }
    gaps(verdict, root).iter().try_for_each(|gap| out.write_str(gap))?;
    for assumption in &verdict.assumes {
        writeln!(out, "    assumes {assumption}")?;
    }
    Ok(())
}

fn write_path(out: &mut String, answer: Answer, path: &Path, root: &Folder) -> std::fmt::Result {
    let why = match (answer, path.what) {
        (Answer::Blocks, "allocates" | "frees") => {
            ", and an allocator takes locks and asks the system for memory"
        }
        _ => "",
    };
    writeln!(out, "    {}{why}:", path.what)?;
    // The user's own frames as they are, runs of others as one line.
    let (before, inside) = path.frames();
    let mut runs: Vec<(bool, Vec<&Frame>)> = Vec::new();
    for (is_own, frame) in
        before.iter().map(|frame| (frame.is_own(), *frame)).chain(inside.iter().map(|frame| (false, *frame)))
    {
        match runs.last_mut() {
            Some((false, run)) if !is_own => run.push(frame),
            _ => runs.push((is_own, vec![frame])),
        }
    }
    // The line to look at stands where the path comes to it; one that is folded stands first.
    let found = |frame: &Frame| frame.at == path.at && path.at.is_some();
    let last = runs.iter().rposition(|(is_own, run)| *is_own && found(run[0]));
    if last.is_none()
        && let Some(frame) = before.iter().chain(&inside).rev().find(|frame| found(frame))
    {
        writeln!(out, "      at {}", frame_at(frame, root))?;
    }
    for (i, (is_own, run)) in runs.iter().enumerate() {
        if *is_own {
            let at = if Some(i) == last { "at " } else { "" };
            writeln!(out, "      {at}{}", frame_at(run[0], root))?;
        } else {
            writeln!(out, "      {}", paint(FAINT, &folded(run)))?;
        }
    }
    if let Some(last) = path.hops.last() {
        writeln!(out, "      -> {}", printable(&last.calls))?;
    }
    writeln!(out, "      help: {}", path.help())
}

/// What the user's own code calls, and whose code that goes through.
fn folded(run: &[&Frame]) -> String {
    let mut crates: Vec<String> = Vec::new();
    for frame in run {
        let name = match (frame.origin, &frame.at) {
            (Origin::Dependency, Some(at)) => {
                let folder = shortened(&at.file).split('/').next().unwrap_or_default();
                if folder.is_empty() { "a dependency".to_owned() } else { folder.to_owned() }
            }
            (Origin::Dependency, None) => "a dependency".to_owned(),
            (_, Some(at)) if is_guards(&at.file, &frame.function) => "qadapt".to_owned(),
            // A name of C: of whose code it is, only debug information would say.
            (_, None) if !frame.function.contains("::") && !frame.function.starts_with("__r") => {
                "no debug information".to_owned()
            }
            _ => "std".to_owned(),
        };
        if !crates.contains(&name) {
            crates.push(name);
        }
    }
    let function = printable(&run[0].function);
    let crates = printable(&crates.join(", "));
    match run.len() {
        1 => format!(".. {function} ({crates})"),
        many => format!(".. {function} and {} ({crates})", counted(many - 1, "more frame")),
    }
}

/// What could not be resolved, each reason once. Where something is known to allocate, that comes first, and the rest is
/// counted.
fn gaps(verdict: &Verdict, root: &Folder) -> Vec<String> {
    if verdict.answer.is_found() {
        let count = verdict.gaps.len();
        let calls = counted(count, "call");
        let besides = match (count, verdict.more_gaps) {
            (0, false) => return Vec::new(),
            (0, true) => "some calls could not be resolved: --gaps N lists N of them".to_owned(),
            (_, false) => format!("{calls} could not be resolved, which --format json lists"),
            (_, true) => {
                format!("more than {calls} could not be resolved: --format json lists {count}, --gaps N more")
            }
        };
        return vec![format!("    besides, {besides}\n")];
    }
    let mut same: Vec<(&Gap, Vec<&Gap>)> = Vec::new();
    for gap in &verdict.gaps {
        let is_same = |known: &Gap| known.why == gap.why && known.at == gap.at && known.settle == gap.settle;
        match same.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, others)) => others.push(gap),
            None => same.push((gap, Vec::new())),
        }
    }
    let mut shown: Vec<String> =
        same.iter().map(|(gap, others)| gap_in_words(gap, others.len(), root)).collect();
    if verdict.more_gaps {
        shown.push("    .. and more unresolved calls: --gaps N lists more\n".to_owned());
    }
    shown
}

fn gap_in_words(gap: &Gap, others: usize, root: &Folder) -> String {
    let mut out = format!("    {}\n", gap.why);
    let own = gap.frames.iter().find(|frame| frame.at.is_some() && frame.at == gap.at);
    match (own, &gap.at) {
        (Some(frame), _) => {
            let _ = writeln!(out, "      at {}", frame_at(frame, root));
        }
        (None, Some(at)) => {
            let _ = writeln!(out, "      at {}", place(at, root));
        }
        (None, None) => {}
    }
    if let (None, Some(frame)) = (own, gap.frames.first()) {
        let _ =
            writeln!(out, "      {} {}", if gap.at.is_some() { "in" } else { "at" }, frame_at(frame, root));
    }
    if others > 0 {
        let _ = writeln!(out, "      .. and {others} more below the same line");
    }
    let _ = writeln!(out, "      to settle it: {}", gap.settle);
    out
}

fn frame_at(frame: &Frame, root: &Folder) -> String {
    let function = printable(&frame.function);
    match &frame.at {
        Some(at) => format!("{}  {function}", place(at, root)),
        None => function,
    }
}

fn place(at: &Place, root: &Folder) -> String {
    let file = relative(&at.file, root);
    // `/rustc/HASH/library/core/src/ptr/mod.rs`.
    let file = after(&file, "/rustc/", 2).filter(|_| file.starts_with("/rustc/")).unwrap_or(shortened(&file));
    printable(&format!("{file}:{}", at.line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_that_a_proof_does_not_list_is_told_from_one_without_code() {
        let answers = [("debug", Some(Answer::Missing)), ("release", None)];
        let answers = answers.map(|(profile, answer)| (profile.to_owned(), answer)).into();
        let said = differences(&[Difference { region: "app::step".to_owned(), answers }]);
        assert!(said.ends_with("    app::step  debug: NOT IN THE BINARY, release: not listed\n"), "{said}");
    }
}
