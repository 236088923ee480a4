//! Verdicts as text for people.

use std::fmt::Write as _;

use super::compare::Difference;
use super::names::Frame;
use super::verb::Proof;
use super::verdict::{Answer, Gap, Path, Verdict};
use super::witness::Contradiction;

/// One verdict as a paragraph.
#[must_use]
pub fn text(verdict: &Verdict) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write_verdict(&mut out, verdict);
    out
}

/// All verdicts on one binary, and the count of each.
#[must_use]
pub fn proof(proof: &Proof) -> String {
    let mut out = String::new();
    let profile = proof.profile.as_ref().map_or_else(String::new, |p| format!(", profile `{p}`"));
    let _ = writeln!(out, "{}{profile} ({})", proof.binary, proof.about);
    let id = proof.identity.build_id.as_ref().map_or_else(String::new, |id| format!(", build id {id}"));
    let _ = writeln!(out, "SHA-256 {}{id}", proof.identity.sha256);
    for verdict in &proof.verdicts {
        out.push_str(&text(verdict));
    }
    let count = |a: Answer| proof.verdicts.iter().filter(|v| v.answer == a).count();
    let _ = writeln!(
        out,
        "{} regions: {} proven, {} allocate, {} unknown, {} not in the binary",
        proof.verdicts.len(),
        count(Answer::Proven),
        count(Answer::Allocates),
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
            .map(|(profile, answer)| format!("{profile}: {}", answer.map_or("not there", Answer::word)))
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
             This is a bug of the prover, unless the run's build does what the proven one does not: it had the checks \
             on, and may be of other sources. Make both from the same sources; if it stays, please report it with both \
             binaries",
            c.region, c.binary, c.profile, c.allocations, c.frees
        );
    }
    out
}

fn write_verdict(out: &mut String, v: &Verdict) -> std::fmt::Result {
    let headline = match v.answer {
        Answer::Missing => "NOT IN THE BINARY",
        Answer::Proven => "PROVEN",
        Answer::Unknown => "UNKNOWN",
        Answer::Allocates => match v.paths.first() {
            Some(Path { what: "frees", always: true, .. }) => "ALLOCATES (only frees, always)",
            Some(Path { what: "frees", .. }) => "ALLOCATES (only frees, on some path)",
            Some(Path { always: true, .. }) => "ALLOCATES always",
            _ => "ALLOCATES on some path",
        },
    };
    match &v.at {
        Some(at) => writeln!(out, "{headline}  {}  ({at})", v.region)?,
        None => writeln!(out, "{headline}  {}", v.region)?,
    }
    for path in &v.paths {
        write_path(out, path)?;
    }
    for gap in &v.gaps {
        write_gap(out, gap)?;
    }
    if v.more_gaps {
        writeln!(out, "    .. and more unresolved calls")?;
    }
    for assumption in &v.assumes {
        writeln!(out, "    assumes {assumption}")?;
    }
    Ok(())
}

fn write_path(out: &mut String, path: &Path) -> std::fmt::Result {
    writeln!(out, "    {}:", path.what)?;
    let own = path.hops.iter().flat_map(|h| h.frames.iter().rev()).rfind(|f| f.own && f.at.is_some());
    if let Some(frame) = own {
        writeln!(out, "      at {}", place(frame))?;
    }
    for hop in &path.hops {
        for frame in hop.frames.iter().rev() {
            writeln!(out, "      {}", place(frame))?;
        }
    }
    if let Some(last) = path.hops.last() {
        writeln!(out, "      -> {}", last.calls)?;
    }
    if let Some(advice) = &path.advice {
        writeln!(out, "      help: {}", advice.text)?;
    }
    Ok(())
}

fn write_gap(out: &mut String, gap: &Gap) -> std::fmt::Result {
    let frame = gap.frames.iter().find(|f| f.own && f.at.is_some()).or_else(|| gap.frames.first());
    writeln!(out, "    {}", gap.why)?;
    if let Some(frame) = frame {
        writeln!(out, "      at {}", place(frame))?;
    }
    writeln!(out, "      to settle it: {}", gap.settle)
}

fn place(frame: &Frame) -> String {
    match &frame.at {
        Some(at) => format!("{at}  {}", frame.function),
        None => frame.function.clone(),
    }
}
