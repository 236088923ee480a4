//! What is kept of a finding: enough to show it where its line has moved to.

use std::path::Path;

use qadapt_prove::{Answer, Place, Proof, Verdict};
use serde::{Deserialize, Serialize};

use crate::format::item::{Item, Severity, items};
use crate::format::source::printable;
use crate::format::view::View;

/// One finding at one line of the source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: String,
    /// Whether it is but good to know.
    pub is_note: bool,
    /// What is to say.
    pub message: String,
    /// What to do instead.
    pub help: Vec<String>,
    /// The line.
    pub at: Spot,
    /// Where else to look, and what is there.
    pub related: Vec<(Spot, String)>,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The file, relative to the workspace.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in bytes, from 1; 0 where it is not known.
    pub column: u32,
    /// The line's text when it was found; empty until then.
    #[serde(default)]
    pub text: String,
}

impl Spot {
    fn new(file: &str, line: u32, column: u32) -> Option<Self> {
        let is_known = line > 0 && !file.is_empty();
        is_known.then(|| Self { file: file.to_owned(), line, column, text: String::new() })
    }
}

/// The findings of an audit or a check; what has no place in a file is left out.
#[must_use]
pub fn of_view(view: &View<'_>) -> Vec<Finding> {
    items(view).iter().filter_map(|item| of_item(view, item)).collect()
}

fn of_item(view: &View<'_>, item: &Item) -> Option<Finding> {
    let region = item.region.and_then(|region| view.report.regions.get(region)).map(|region| &region.place);
    let opened = region.and_then(|place| Spot::new(&place.file, place.line, place.column));
    let line = item.line.and_then(|line| view.lines.get(line));
    let at = line.and_then(|line| {
        let (file, number) = line.at.as_ref()?;
        let frames =
            line.sites.iter().filter_map(|&site| view.report.sites.get(site)).flat_map(|site| &site.stack);
        let here = frames
            .filter_map(|&frame| view.report.frames.get(frame as usize))
            .find(|frame| frame.line == *number && frame.file.as_ref() == Some(file));
        Spot::new(file, *number, here.map_or(0, |frame| frame.column))
    });
    let name = region.map(|place| match &place.name {
        Some(name) => format!("the region {} is opened here", printable(name)),
        None => "the region is opened here".to_owned(),
    });
    Some(Finding {
        rule: item.rule.to_owned(),
        is_note: item.severity == Severity::Note,
        message: item.message.clone(),
        help: item.help.iter().map(|&help| help.to_owned()).collect(),
        related: if at.is_some() { opened.clone().into_iter().zip(name).collect() } else { Vec::new() },
        at: at.or(opened)?,
    })
}

/// The findings of proofs: what allocates or frees, and what could not be resolved where a proof is required.
#[must_use]
pub fn of_proofs(proofs: &[Proof], root: &Path) -> Vec<Finding> {
    let mut findings: Vec<Finding> = Vec::new();
    for proof in proofs {
        for verdict in &proof.verdicts {
            for mut finding in of_verdict(verdict, root) {
                let profile = proof.profile.as_deref().unwrap_or(&proof.binary);
                let same = findings.iter_mut().find(|known| {
                    known.at == finding.at
                        && known.message.split(" (").next() == Some(finding.message.as_str())
                });
                if let Some(known) = same {
                    if !known.message.ends_with(&format!("{profile})")) {
                        known.message = format!("{}, {profile})", known.message.trim_end_matches(')'));
                    }
                } else {
                    finding.message = format!("{} ({profile})", finding.message);
                    findings.push(finding);
                }
            }
        }
    }
    findings
}

fn of_verdict(verdict: &Verdict, root: &Path) -> Vec<Finding> {
    let spot = |place: &Place| {
        let file = Path::new(&place.file);
        Spot::new(&file.strip_prefix(root).unwrap_or(file).to_string_lossy(), place.line, place.column)
    };
    let opened = verdict.at.as_ref().and_then(spot);
    let finding = |rule: &str, message: String, help: Vec<String>, at: Option<Spot>| {
        let label = format!("the region {} is opened here", verdict.region);
        let related = if at.is_some() { opened.clone().map(|opened| (opened, label)) } else { None };
        Some(Finding {
            rule: rule.to_owned(),
            is_note: false,
            message,
            help,
            at: at.or_else(|| opened.clone())?,
            related: related.into_iter().collect(),
        })
    };
    let paths = verdict.paths.iter().filter_map(|path| {
        let how = if path.always { "always" } else { "on some path" };
        let help = path.advice.as_ref().map(|advice| advice.text.to_owned());
        let message = format!("region {} {} here {how}", verdict.region, path.what);
        finding(path.what, message, help.into_iter().collect(), path.at.as_ref().and_then(spot))
    });
    let is_open = verdict.required && verdict.answer == Answer::Unknown;
    let gaps = verdict.gaps.iter().filter(|_| is_open).filter_map(|gap| {
        let message = format!("region {} is not proven: {}", verdict.region, gap.why);
        finding("unknown", message, vec![gap.settle.clone()], gap.at.as_ref().and_then(spot))
    });
    paths.chain(gaps).collect()
}
