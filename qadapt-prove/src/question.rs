//! What is asked of a file, and what its functions answer.

use super::assume::{Applied, Settings};
use super::graph::Graph;
use super::names::Names;
use super::program::Program;
use super::regions::Region;
use super::start::Start;
use super::verdict::{Answer, Rules, Verdict, verdict};

/// More unknown regions than that are a survey of functions, for which the first look must do.
pub(crate) const MOST_REFINED: usize = 1000;

/// More open regions than that are a survey too, for which numbers are not followed.
pub(crate) const MOST_COUNTED: usize = 200;

/// A region that reaches more functions than that is not looked at with numbers: something of them allocates in any case.
pub(crate) const MOST_WITH_NUMBERS: usize = 100;

/// What is asked of a file, and how.
pub(crate) struct Question<'q, 'a> {
    /// The file's functions.
    pub(crate) program: &'q Program<'a>,
    /// Its places.
    pub(crate) names: &'q Names<'a>,
    /// How verdicts are given.
    pub(crate) rules: Rules,
    /// What the user vouches for.
    pub(crate) settings: &'q Settings,
    /// The same, as said of this file.
    pub(crate) applied: &'q Applied<'q, 'a>,
}

impl Question<'_, '_> {
    /// Verdicts on whole functions.
    pub(crate) fn functions(&self, regions: &[Region]) -> (Vec<Verdict>, usize) {
        let starts: Vec<Start> = regions.iter().map(|r| Start::function(r.addr)).collect();
        let graph = Graph::build(self.program, &starts, self.applied);
        let mut verdicts: Vec<Verdict> =
            (0u32..).zip(regions).map(|(i, r)| self.verdict(&graph, i, r)).collect();
        let unknown: Vec<usize> =
            (0..verdicts.len()).filter(|&i| verdicts[i].answer == Answer::Unknown).collect();
        if unknown.len() <= MOST_REFINED {
            let starts: Vec<Start> = unknown.iter().map(|&i| starts[i].clone()).collect();
            let refined = Graph::refine(self.program, &starts, self.applied, &graph);
            for (node, i) in (0u32..).zip(unknown) {
                verdicts[i] = self.verdict(&refined, node, &regions[i]);
            }
        }
        let open: Vec<usize> = (0u32..)
            .zip(&verdicts)
            .filter(|&(node, verdict)| {
                let is_told =
                    verdict.answer == Answer::Proven || verdict.paths.iter().any(|path| path.always);
                !is_told && graph.is_small(node, MOST_WITH_NUMBERS)
            })
            .map(|(node, _)| node as usize)
            .collect();
        if !open.is_empty() && open.len() <= MOST_COUNTED {
            let starts: Vec<Start> = open.iter().map(|&i| starts[i].clone()).collect();
            if let Some(counted) = Graph::with_numbers(self.program, &starts, self.applied, &graph) {
                for (node, i) in (0u32..).zip(open) {
                    verdicts[i] = self.verdict(&counted, node, &regions[i]);
                }
            }
        }
        (verdicts, graph.len())
    }

    /// The verdict on one node of a graph.
    pub(crate) fn verdict(&self, graph: &Graph, node: u32, region: &Region) -> Verdict {
        let words = &self.settings.words;
        verdict(self.program, graph, self.names, self.rules, words, (node, region.clone()))
    }
}
