//! The log, within the limits of GitHub's code scanning.
//!
//! <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::flows::{ROOT, Room, code_flows, in_function, location};
use super::log::{Base, Driver, Invocation, Log, Message, Notification, Run, SarifResult, Tool};
use super::rules::{level, rules};
use crate::error::{Error, Result};
use crate::format::item::{Item, Severity, foremost, items};
use crate::format::paths::Paths;
use crate::format::source::Sources;
use crate::format::text::region_name;
use crate::format::view::View;
use crate::report::figures::RegionKind;
use crate::report::op;

/// Results that GitHub shows; it takes 25,000, and refuses a file with more.
const RESULTS: usize = 5_000;

/// Bytes of a compressed file that GitHub takes.
const COMPRESSED: usize = 10_000_000;

/// Bytes for code flows: a file of many results compresses to a tenth or less.
const FLOWS: usize = 32_000_000;

/// The name under which results carry their fingerprint. `primaryLocationLineHash` is not ours to write: GitHub's upload
/// action computes it from the source, and complains about every result that has another one.
const FINGERPRINT: &str = "qadaptSite/v1";

/// The report as SARIF.
///
/// # Errors
/// If the JSON cannot be written.
pub fn sarif(view: &View<'_>) -> Result<Vec<u8>> {
    let items = items(view);
    let (mut results, mut flows) = (RESULTS, FLOWS);
    loop {
        let log = Writer::new(view).log(&items, results, flows);
        let mut json = serde_json::to_vec(&log).map_err(Error::write("write SARIF"))?;
        json.push(b'\n');
        if results == 0 || json.len() <= COMPRESSED || compressed(&json) <= COMPRESSED {
            return Ok(json);
        }
        // Stacks first, then results: GitHub refuses a larger file.
        if flows > 0 {
            flows = 0;
        } else {
            results /= 2;
        }
    }
}

fn compressed(bytes: &[u8]) -> usize {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A list in memory takes everything.
    let _ = encoder.write_all(bytes);
    encoder.finish().map_or(usize::MAX, |compressed| compressed.len())
}

struct Writer<'a> {
    view: &'a View<'a>,
    paths: Paths,
    sources: Sources,
    rules: HashMap<&'static str, usize>,
    notifications: Vec<Notification>,
    fingerprints: HashMap<String, usize>,
}

impl<'a> Writer<'a> {
    fn new(view: &'a View<'a>) -> Self {
        Self {
            view,
            paths: Paths::of(view.root),
            sources: Sources::below(view.root),
            rules: HashMap::new(),
            notifications: Vec::new(),
            fingerprints: HashMap::new(),
        }
    }

    fn log(mut self, items: &[Item], most: usize, flows: usize) -> Log {
        let rules = rules();
        self.rules = rules.iter().enumerate().map(|(index, rule)| (rule.id, index)).collect();
        let mut room = Room::of(flows);
        // GitHub refuses a file in which a result has no place.
        let (placed, nowhere): (Vec<&Item>, Vec<&Item>) =
            items.iter().partition(|item| item.place(self.view, &self.paths).is_some());
        let results: Vec<SarifResult> = foremost(self.view, &placed, most)
            .into_iter()
            .filter_map(|index| self.result(placed[index], &mut room))
            .collect();
        for item in nowhere.iter().take(RESULTS) {
            self.notify(item.severity, format!("{}: {}", item.rule, item.text()));
        }
        for (count, what) in [
            (placed.len() - results.len(), "results are left out: GitHub shows 5000, and takes 10 MB"),
            (nowhere.len().saturating_sub(RESULTS), "results without a place in the repository are left out"),
            (room.left_out, "stacks are left out: a result has up to three, and GitHub takes 10 MB"),
        ] {
            if count > 0 {
                self.notify(Severity::Note, format!("{count} {what}"));
            }
        }
        if let Some(words) = self.view.report.left_out.words() {
            self.notify(Severity::Note, words);
        }
        let description = Message::new("The repository's root.");
        Log {
            schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
            version: "2.1.0",
            runs: [Run {
                tool: Tool {
                    driver: Driver {
                        name: "cargo-qadapt",
                        semantic_version: env!("CARGO_PKG_VERSION"),
                        rules,
                    },
                },
                original_uri_base_ids: BTreeMap::from([(ROOT, Base { description })]),
                invocations: [Invocation {
                    execution_successful: self.view.is_whole,
                    tool_execution_notifications: self.notifications,
                }],
                results,
            }],
        }
    }

    fn notify(&mut self, severity: Severity, text: String) {
        self.notifications.push(Notification { level: level(severity), message: Message::new(text) });
    }

    fn result(&mut self, item: &Item, room: &mut Room) -> Option<SarifResult> {
        let (path, number) = item.place(self.view, &self.paths)?;
        let line = item.line.and_then(|line| self.view.lines.get(line));
        let mut place = location(&path, number, 0);
        if let Some(line) = line {
            place = in_function(place, &line.function);
        }
        let region = item.region.and_then(|region| self.view.report.regions.get(region));
        let related = region.and_then(|region| {
            let path = self.paths.inside(&region.place.file).filter(|_| region.place.line > 0)?;
            let mut place = location(&path, region.place.line, region.place.column);
            place.id = Some(1);
            place.message = Some(Message::new(format!("the region {}", region_name(&region.place))));
            Some(place)
        });
        Some(SarifResult {
            rule_id: item.rule,
            rule_index: self.rules.get(item.rule).copied()?,
            level: level(item.severity),
            message: Message::new(item.text()),
            locations: [place],
            related_locations: related.into_iter().collect(),
            partial_fingerprints: BTreeMap::from([(FINGERPRINT, self.fingerprint(item))]),
            code_flows: line.map(|line| code_flows(self.view, &self.paths, line, room)).unwrap_or_default(),
        })
    }

    /// The same in the next run if only line numbers have changed: made of names and of the source's text.
    fn fingerprint(&mut self, item: &Item) -> String {
        let mut hasher = Sha256::new();
        let mut add = |text: &str| {
            hasher.update(text);
            hasher.update([0]);
        };
        add(item.rule);
        if let Some(profile) = item.profile.and_then(|profile| self.view.report.profiles.get(profile)) {
            add(&profile.name);
        }
        if let Some(region) = item.region.and_then(|region| self.view.report.regions.get(region)) {
            let place = &region.place;
            add(&place.file);
            add(match place.kind {
                RegionKind::Plain => "plain",
                RegionKind::Policy => "policy",
                RegionKind::Guard => "guard",
                RegionKind::Manual => "manual",
                RegionKind::WholeProgram => "whole-program",
                RegionKind::Counting => "counting",
            });
            match &place.name {
                Some(name) => add(name),
                None => add(self.sources.line(&place.file, place.line).unwrap_or_default()),
            }
        }
        if let Some(line) = item.line.and_then(|line| self.view.lines.get(line)) {
            add(&line.function);
            add(&op::noun(line.op));
            for called in &line.called {
                add(called);
            }
            if let Some((file, number)) = &line.at {
                add(file);
                add(self.sources.line(file, *number).unwrap_or_default());
            }
        }
        let hash: String =
            hasher.finalize().iter().take(16).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"));
        let same = self.fingerprints.entry(hash.clone()).or_default();
        *same += 1;
        format!("{hash}:{same}")
    }
}
