//! Verdicts on the regions that the guard has marked in a file.

use std::collections::BTreeSet;

use super::copies::{RegionCopy, copies};
use super::debug::DebugFiles;
use super::deferral::{Deferrals, Frees};
use super::goal::Goal;
use super::graph::Graph;
use super::inlined::Trees;
use super::marks::{Kind, Marks};
use super::names::Frame;
use super::parts::{Parts, Ways};
use super::permits::Permits;
use super::question::{MOST_COUNTED, MOST_REFINED, MOST_WITH_NUMBERS, Question};
use super::regions::{self, Listed, Region, Regions};
use super::role::Sink;
use super::sources;
use super::start::Start;
use super::subject::Subject;
use super::verdict::{self, Answer, Gap, Rules, Verdict};

/// How a file gets labels.
const HOW_TO_LABEL: &str = "build it with QADAPT_MARKS=1 in the environment, or with qadapt's feature `marks` \
                            and checks off";

/// The verdicts on what is marked, and how many functions were analysed.
pub(crate) fn verdicts(
    question: &Question<'_, '_>,
    mut marks: Marks,
    data: &[u8],
    files: &DebugFiles<'_>,
) -> (Vec<Verdict>, usize) {
    // What may allocate is asked for waits alone.
    let asks_all = question.settings.subject == Subject::Blocking;
    marks.notes.retain(|note| asks_all || !note.may_allocate);
    if !marks.has_labels {
        return (unlabelled(question, &marks, files), 0);
    }
    let mut addresses: Vec<u64> = marks.labels.iter().map(|label| label.addr).collect();
    addresses.dedup();
    let debug = question.names.debug();
    let trees = debug.map_or_else(Trees::default, |debug| Trees::at(debug, &addresses));
    let image = question.program.image();
    let permits = question.applied.permits.get_or_init(|| Permits::find(image, &trees, &marks.labels));
    let copies = copies(image, &trees, &marks.labels);
    let mut parts = Parts::of(question.program, debug, &copies);
    let regions = regions::list(question.names, copies, &marks.notes, &sources::opened(files.sources()));
    let listed = &regions.listed;
    let deferrals = Deferrals::find(question.program, question.names, &trees, &marks.labels, data);
    let mut ways_into = |copy| parts.ways(copy, permits);
    let ways: Vec<Vec<Ways>> =
        listed.iter().map(|listed| listed.copies.iter().map(&mut ways_into).collect()).collect();
    let all: Vec<usize> = (0..listed.len()).collect();
    let graph = Graph::build(question.program, &starts(&ways, &all), question.applied);
    let nameless = nameless(question, listed);
    let answered = Answered { regions: &regions, ways: &ways, deferrals: &deferrals, nameless };
    let mut verdicts = answered.answer(question, &graph, &all);
    answered.look_closer(question, &graph, &mut verdicts);
    answered.look_at_numbers(question, &graph, &mut verdicts);
    let mut asked = listed.iter().map(|listed| asks_all || !listed.kind.may_allocate());
    verdicts.retain(|_| asked.next().unwrap_or(true));
    (verdicts, graph.len())
}

/// What the graph begins with: for each way into each copy two nodes.
fn starts(ways: &[Vec<Ways>], which: &[usize]) -> Vec<Start> {
    let ways = which.iter().flat_map(|&i| &ways[i]).flat_map(|copy| &copy.all);
    ways.flat_map(|way| [way.sure.clone(), way.most.clone()]).collect()
}

/// The function with a region of which the debug information does not say which one it is, if there is one.
fn nameless<'r>(question: &Question<'_, '_>, listed: &'r [Listed]) -> Option<&'r str> {
    let image = question.program.image();
    let copies = listed.iter().flat_map(|listed| &listed.copies);
    let with_name = copies.filter(|copy| copy.scope.is_some());
    let named: BTreeSet<u64> = with_name.flat_map(|copy| copy.labels.iter().copied()).collect();
    // In a function that was merged with another, what has the place of one with a name is that one's equal, as what is not there may have
    // been.
    let is_merged = |copy: &RegionCopy| {
        !copy.labels.is_empty()
            && copy.labels.iter().all(|label| named.contains(label))
            && image.function_covering(copy.function).is_some_and(|function| function.names.len() > 1)
    };
    let is_nameless = |copy: &RegionCopy| copy.scope.is_none() && !is_merged(copy);
    let mut others = listed.iter().filter(|listed| listed.kind != Kind::Extent);
    let region = &others.find(|listed| listed.copies.iter().any(is_nameless))?.region;
    Some(region.function.as_ref().unwrap_or(&region.name))
}

/// What verdicts are given on.
struct Answered<'r, 'a> {
    regions: &'r Regions,
    ways: &'r [Vec<Ways>],
    deferrals: &'r Deferrals<'r, 'a>,
    nameless: Option<&'r str>,
}

impl Answered<'_, '_> {
    /// Looks again at what is not decided, with what is known of each way alone.
    fn look_closer(&self, question: &Question<'_, '_>, graph: &Graph, verdicts: &mut [Verdict]) {
        let listed = &self.regions.listed;
        let is_open = |i: &usize| verdicts[*i].answer == Answer::Unknown && listed[*i].kind != Kind::Extent;
        let unknown: Vec<usize> = (0..listed.len()).filter(is_open).collect();
        if unknown.is_empty() || unknown.len() > MOST_REFINED {
            return;
        }
        let refined = Graph::refine(question.program, &starts(self.ways, &unknown), question.applied, graph);
        let again = self.answer(question, &refined, &unknown);
        for (i, verdict) in unknown.into_iter().zip(again) {
            verdicts[i] = verdict;
        }
    }

    /// Looks again at what is not decided and is small, with what is known of numbers.
    fn look_at_numbers(&self, question: &Question<'_, '_>, graph: &Graph, verdicts: &mut [Verdict]) {
        let listed = &self.regions.listed;
        // The nodes of each region, two for each way into it.
        let mut end = 0;
        let mut is_small = |copies: &Vec<Ways>| {
            let start = end;
            end += copies.iter().map(|copy| 2 * copy.all.len()).sum::<usize>();
            let mut nodes = (start..end).filter_map(|node| u32::try_from(node).ok());
            nodes.all(|node| graph.is_small(node, MOST_WITH_NUMBERS))
        };
        let is_small: Vec<bool> = self.ways.iter().map(&mut is_small).collect();
        let is_open = |i: &usize| {
            // Numbers help none of which each way leads to the allocator.
            let is_told = matches!(verdicts[*i].answer, Answer::Proven | Answer::Missing)
                || verdicts[*i].paths.iter().any(|path| path.always);
            !is_told && listed[*i].kind != Kind::Extent && is_small[*i]
        };
        let open: Vec<usize> = (0..listed.len()).filter(is_open).collect();
        if open.is_empty() || open.len() > MOST_COUNTED {
            return;
        }
        let starts = starts(self.ways, &open);
        let Some(counted) = Graph::with_numbers(question.program, &starts, question.applied, graph) else {
            return;
        };
        let again = self.answer(question, &counted, &open);
        for (i, verdict) in open.into_iter().zip(again) {
            verdicts[i] = verdict;
        }
    }

    /// The verdicts on some regions, from a graph that begins with them.
    fn answer(&self, question: &Question<'_, '_>, graph: &Graph, which: &[usize]) -> Vec<Verdict> {
        let listed = &self.regions.listed;
        // What is made somewhere may be it.
        let making = self.regions.making.as_deref();
        let nameless_for = |kind| self.nameless.or_else(|| making.filter(|_| kind == Kind::Made));
        let mut node = 0;
        let mut found = Vec::new();
        for &i in which {
            let region = &listed[i].region;
            let mut whole: Option<Verdict> = None;
            for (copy, ways) in listed[i].copies.iter().zip(&self.ways[i]) {
                for _ in &ways.all {
                    let frees =
                        if question.rules.allow_frees || question.settings.subject == Subject::Blocking {
                            Frees::Now(Vec::new())
                        } else {
                            self.deferrals.frees(graph, node + 1, copy)
                        };
                    let verdict = deferring(question, graph, node, region, ways, frees);
                    let verdict = if ways.has_budget { within_budget(verdict) } else { verdict };
                    let verdict = if ways.may_go_on { going_on(verdict) } else { verdict };
                    node += 2;
                    whole = Some(match whole {
                        Some(worst) => worst.and(verdict),
                        None => verdict,
                    });
                }
            }
            found.push(match whole {
                Some(verdict) if listed[i].kind == Kind::Extent => open_extent(region, &verdict),
                Some(verdict) => Verdict { copies: listed[i].copies.len(), ..verdict },
                None => match nameless_for(listed[i].kind) {
                    Some(other) => Verdict::without_analysis(region, Answer::Unknown, nameless_copy(other)),
                    None => Verdict::without_analysis(region, Answer::Missing, not_there(&listed[i])),
                },
            });
        }
        found
    }
}

/// The verdict on one way into a copy, of which it is known what becomes of what it frees.
fn deferring(
    question: &Question<'_, '_>,
    graph: &Graph,
    node: u32,
    region: &Region,
    ways: &Ways,
    frees: Frees,
) -> Verdict {
    let waits = matches!(frees, Frees::Wait(_));
    let rules = Rules { allow_frees: question.rules.allow_frees || waits, ..question.rules };
    let mut verdict = of_way(&Question { rules, ..*question }, graph, node, region, ways);
    let path = verdict.paths.iter_mut().find(|path| path.what == "frees");
    match (frees, path) {
        (Frees::Wait(words), _) => verdict.assumes.push(words.to_owned()),
        (Frees::UpTo(why, settle), Some(path)) => {
            path.always = false;
            verdict.gaps.push(Gap { why, at: None, frames: Vec::new(), settle: settle.to_owned() });
        }
        // Others wait, which the path must not show.
        (Frees::Now(edges), Some(path)) if !edges.is_empty() => {
            *path = verdict::path(question.program, graph, question.names, Sink::Free, &edges);
        }
        _ => {}
    }
    verdict
}

/// The verdict on one way into a copy; its nodes are `node`, with the sure calls, and the next one, with all.
fn of_way(question: &Question<'_, '_>, graph: &Graph, node: u32, region: &Region, copy: &Ways) -> Verdict {
    let most = question.verdict(graph, node + 1, region);
    if !most.answer.is_found() {
        return most;
    }
    let sure = question.verdict(graph, node, region);
    if sure.answer.is_found() {
        return sure;
    }
    // Only calls that may be none of the region's.
    let mut gaps = Vec::new();
    for &(goal, kind) in Goal::forbidden(question.program.subject(), question.rules.allow_frees) {
        let what = kind.verb();
        let path = graph.path(node + 1, goal);
        let Some(&(_, edge)) = path.first() else { continue };
        let why = copy.doubts.get(&edge.site).map_or("", |doubt| doubt.describe());
        gaps.push(Gap {
            why: format!("cannot tell whether a call that {what} is part of the region: {why}"),
            at: None,
            frames: question.names.frames(edge.site),
            settle:
                "the region in a function of its own with #[inline(never)], or debug information (debug = \
                     \"line-tables-only\" or more) where there is none"
                    .to_owned(),
        });
    }
    gaps.extend(most.gaps);
    Verdict { answer: Answer::Unknown, paths: Vec::new(), gaps, ..most }
}

/// The verdict on a region whose policy has a budget: what allocates may be within it.
fn within_budget(mut verdict: Verdict) -> Verdict {
    let Some(i) = verdict.paths.iter().position(|path| path.what == "allocates") else { return verdict };
    let path = verdict.paths.remove(i);
    let inwards = path.hops.into_iter().flat_map(|hop| hop.frames.into_iter().rev());
    let mut frames: Vec<Frame> = inwards.collect();
    frames.reverse();
    let reason = Gap {
        why: "allocates, which its budget allows up to a limit: whether a run stays below it no proof tells".to_owned(),
        at: path.at,
        frames,
        settle: "a run: `cargo qadapt audit` counts what it uses, and with the checks on more than that is a violation"
            .to_owned(),
    };
    verdict.gaps.insert(0, reason);
    if verdict.paths.is_empty() {
        verdict.answer = Answer::Unknown;
    }
    verdict
}

/// The verdict on a region whose label lies in code that was taken out of its function, to which that returns.
fn going_on(mut verdict: Verdict) -> Verdict {
    if verdict.answer == Answer::Proven {
        verdict.answer = Answer::Unknown;
        verdict.gaps.push(Gap {
            why: "the compiler has moved code out of the function that the region is in, and the place where it begins with it: \
                  cannot tell what of the rest is part of it"
                .to_owned(),
            at: None,
            frames: Vec::new(),
            settle: "the region in a function of its own with #[inline(never)], or a build without such splitting \
                     (`-hot-cold-split`)"
                .to_owned(),
        });
    }
    verdict
}

fn open_extent(region: &Region, verdict: &Verdict) -> Verdict {
    let reason = Gap {
        why: "opens a region that a call or a drop closes, which may be anywhere: no proof can be given"
            .to_owned(),
        at: None,
        frames: Vec::new(),
        settle: "assert_no_alloc, Policy::run or the attribute, whose regions are closures".to_owned(),
    };
    Verdict { copies: verdict.copies, ..Verdict::without_analysis(region, Answer::Unknown, reason) }
}

fn not_there(listed: &Listed) -> Gap {
    let is_made = listed.kind == Kind::Made && listed.region.function.is_some();
    let why = if is_made {
        "it is made here, and no code that polls it is left"
    } else {
        "no code of it is left: nothing calls it, or the compiler has merged it with equal code"
    };
    Gap {
        why: why.to_owned(),
        at: None,
        frames: Vec::new(),
        settle: "a call of it in this program, or no `prove` on code that it does not need".to_owned(),
    }
}

fn nameless_copy(other: &str) -> Gap {
    Gap {
        why: format!(
            "cannot tell whether the file has code of it: it has a region of which the debug information does not say which \
             one it is, in `{other}`"
        ),
        at: None,
        frames: Vec::new(),
        settle: "debug information (debug = \"line-tables-only\" or more) for all crates with regions; where they have it, two \
                 functions were merged since their code is the same: #[inline(never)] on those with the regions keeps their names"
            .to_owned(),
    }
}

/// A file of which nobody knows where its regions are: those of its notes and sources by name, and all others as one.
fn unlabelled(question: &Question<'_, '_>, marks: &Marks, files: &DebugFiles<'_>) -> Vec<Verdict> {
    let image = question.program.image();
    let uses_guard = image.functions().iter().flat_map(|f| &f.names).any(|name| name.contains("6qadapt"));
    if !uses_guard && !marks.has_notes {
        return Vec::new();
    }
    let opened = if marks.has_notes { sources::opened(files.sources()) } else { Vec::new() };
    let listed = regions::list(question.names, Vec::new(), &marks.notes, &opened).listed;
    let name =
        if listed.is_empty() { "(all regions of this file)" } else { "(all other regions of this file)" };
    let rest = Region::function(0, name.to_owned());
    let reason = if marks.has_notes { labels_taken_away() } else { never_labelled() };
    let regions = listed.iter().map(|listed| &listed.region).chain([&rest]);
    regions.map(|region| Verdict::without_analysis(region, Answer::Unknown, reason.clone())).collect()
}

fn never_labelled() -> Gap {
    Gap {
        why: "it was built without labels, so that nothing tells which of its code is a region".to_owned(),
        at: None,
        frames: Vec::new(),
        settle: format!(
            "{HOW_TO_LABEL}; `cargo qadapt prove` does so (--function REGEX takes functions as regions)"
        ),
    }
}

fn labels_taken_away() -> Gap {
    Gap {
        why: "the file has no labels, so that nothing tells which of its code is a region: its section `.qadapt.marks` was \
              taken away, or it has no code of any region"
            .to_owned(),
        at: None,
        frames: Vec::new(),
        settle: "the file as it was linked, or a stripped one beside what `objcopy --only-keep-debug` took from that (`FILE.debug`); \
                 --function REGEX takes functions as regions"
            .to_owned(),
    }
}
