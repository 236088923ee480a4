//! The answer for each region, with its reasons.

use qadapt_code::advice::Advice;
use qadapt_code::origin::Origin;
use qadapt_trace::asks_allocator;
use serde::{Deserialize, Serialize};

use super::advice;
use super::allocator::Unsure;
use super::anchor::{self, Anchor};
use super::body::{Callee, Why};
use super::goal::Goal;
use super::graph::Graph;
use super::hop::Hop;
use super::names::{Frame, Names};
use super::node::{Edge, To};
use super::once;
use super::place::Place;
use super::program::Program;
use super::regions::Region;
use super::role::Sink;
use super::subject::Subject;
use super::symbol;
use super::wait;

/// What is said of a region. The worse answer is the greater one.
///
/// # Examples
/// ```
/// use qadapt_prove::Answer;
/// assert!(Answer::Proven < Answer::Unknown && Answer::Unknown < Answer::Allocates);
/// assert_eq!(Answer::Blocks.word(), "MAY BLOCK");
/// assert!(Answer::Blocks.is_found() && !Answer::Unknown.is_found());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The file has no copy of it.
    Missing,
    /// No path that returns reaches what it must not.
    Proven,
    /// Something could not be resolved.
    Unknown,
    /// A path reaches an allocator entry.
    Allocates,
    /// A path reaches a call that may wait.
    Blocks,
}

impl Answer {
    /// Whether a path was found that must not be.
    #[must_use]
    pub fn is_found(self) -> bool {
        matches!(self, Self::Allocates | Self::Blocks)
    }

    /// The answer as reports print it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "NOT IN THE BINARY",
            Self::Proven => "PROVEN",
            Self::Unknown => "UNKNOWN",
            Self::Allocates => "ALLOCATES",
            Self::Blocks => "MAY BLOCK",
        }
    }
}

/// How to say of a static that is made once that it is made already.
const MADE_BEFORE: &str = "say so of the static: [[prove.assume]] initialised = \"..\", reason = \"..\"";

/// A path to what a region must not come to.
///
/// # Examples
/// ```
/// use qadapt_code::origin::Origin;
/// use qadapt_prove::{Frame, Hop, Path};
/// let frame = |function: &str, origin| Frame { function: function.to_owned(), at: None, origin };
/// let push = Hop { frames: vec![frame("app::step", Origin::Own)], calls: "grow_one".to_owned() };
/// let grow = Hop { frames: vec![frame("grow_one", Origin::Internal)], calls: "__rust_realloc".to_owned() };
/// let path = Path { always: false, what: "allocates", at: None, hops: vec![push, grow], advice: None };
/// let (before, inside) = path.frames();
/// assert_eq!((before.len(), inside.len()), (2, 0));
/// assert_eq!(path.help(), "allocate before the region and hand the memory in, or move this call out of it");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Path {
    /// Whether the region cannot avoid it.
    pub always: bool,
    /// `allocates`, `frees` or `waits`.
    pub what: &'static str,
    /// The user's own line: the innermost one on the path.
    pub at: Option<Place>,
    /// The calls, from the region to the allocator or to the one that may wait.
    pub hops: Vec<Hop>,
    /// What to do instead, if the path shows a known habit.
    pub advice: Option<Advice>,
}

impl Path {
    /// Its frames from the region inwards: those before the allocator, and those in it. With an allocator of the program's, what is
    /// inside of it is nothing that its users wrote.
    #[must_use]
    pub fn frames(&self) -> (Vec<&Frame>, Vec<&Frame>) {
        frames_along(&self.hops)
    }

    /// What to do instead: the advice, or else what can be done about any such path; and how to say that it is done, where the file
    /// does not show it.
    #[must_use]
    pub fn help(&self) -> String {
        let what = self.advice.map_or(advice::otherwise(self.what), |advice| advice.text);
        if once::is_around(self.hops.iter().flat_map(|hop| &hop.frames)) {
            format!("{what}; where the program does, {MADE_BEFORE}")
        } else {
            what.to_owned()
        }
    }
}

/// Something that could not be resolved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What it is.
    pub why: String,
    /// The user's own line: the innermost one there, or that of the call in the region which leads there.
    pub at: Option<Place>,
    /// Where it is.
    pub frames: Vec<Frame>,
    /// What would settle it.
    pub settle: String,
}

/// The answer for one region. [`prove_functions`](crate::prove_functions) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The region's name.
    pub region: String,
    /// The address of its function.
    pub address: u64,
    /// Where it is opened, if that is known.
    pub at: Option<Place>,
    /// The function in which it is opened, if that is known.
    pub function: Option<String>,
    /// Whether its author requires a proof.
    pub required: bool,
    /// How many copies of it the file has; a function that was asked for is one.
    pub copies: usize,
    /// How many other functions have its code and no verdict for it: functions of Rust's own libraries, which the linker has folded
    /// into the same place.
    pub shared_by: usize,
    /// The answer.
    pub answer: Answer,
    /// The shortest path to an allocation, and to a deallocation; or to a wait.
    pub paths: Vec<Path>,
    /// What could not be resolved, nearest first.
    pub gaps: Vec<Gap>,
    /// Whether there are more gaps than listed.
    pub more_gaps: bool,
    /// What the answer rests on: the user's assumptions, and what is taken for granted in it.
    pub assumes: Vec<String>,
}

/// How verdicts are given.
///
/// # Examples
/// ```
/// use qadapt_prove::Rules;
/// let rules = Rules { allow_frees: true, gaps: 3 };
/// assert!(rules.allow_frees, "a region that frees is proven all the same");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether a region may free.
    pub allow_frees: bool,
    /// How many gaps to list for a region.
    pub gaps: usize,
}

/// Gives the verdict for one node of the graph.
pub(crate) fn verdict(
    program: &Program<'_>,
    graph: &Graph,
    names: &Names<'_>,
    rules: Rules,
    assumptions: &[String],
    region: (u32, Region),
) -> Verdict {
    let (node, region) = region;
    let mut paths = Vec::new();
    for &(goal, kind) in Goal::forbidden(program.subject(), rules.allow_frees) {
        if graph.reaches(node, goal) {
            let edges: Vec<Edge> = graph.path(node, goal).into_iter().map(|(_, edge)| edge).collect();
            let always = graph.always(node, kind);
            paths.push(Path { always, ..path(program, graph, names, kind, &edges) });
        }
    }
    let mut found = graph.all(node, Goal::Unknown, rules.gaps.saturating_add(1));
    let more_gaps = found.len() > rules.gaps;
    found.truncate(rules.gaps);
    let gaps = found.into_iter().filter_map(|(by, e)| gap(program, names, by, e)).collect::<Vec<_>>();
    let mut assumes: Vec<String> = graph
        .all(node, Goal::Assumed, usize::MAX)
        .into_iter()
        .filter_map(|(_, e)| match e.to {
            To::Assumed(i) => assumptions.get(i as usize).cloned(),
            To::Granted(ground) => Some(ground.words().to_owned()),
            _ => None,
        })
        .collect();
    assumes.sort();
    assumes.dedup();
    let answer = if !paths.is_empty() {
        match program.subject() {
            Subject::Allocation => Answer::Allocates,
            Subject::Blocking => Answer::Blocks,
        }
    } else if graph.reaches(node, Goal::Unknown) {
        Answer::Unknown
    } else {
        Answer::Proven
    };
    Verdict {
        region: region.name,
        address: region.addr,
        at: region.at,
        function: region.function,
        required: region.required,
        copies: 1,
        shared_by: region.shared_by,
        answer,
        paths,
        gaps,
        more_gaps,
        assumes,
    }
}

/// The innermost line of the user's own code, of which a wrapper's is the last resort, as in an audit.
fn own_line(hops: &[Hop]) -> Option<Place> {
    let (before, _) = frames_along(hops);
    let placed = || before.iter().filter(|frame| frame.line().is_some());
    let own = placed().rfind(|frame| frame.origin == Origin::Own);
    own.or_else(|| placed().find(|frame| frame.origin == Origin::Wrapper)).and_then(|frame| frame.at.clone())
}

/// The frames along these calls, from the region inwards: those before the allocator, and those in it.
fn frames_along(hops: &[Hop]) -> (Vec<&Frame>, Vec<&Frame>) {
    let mut before: Vec<&Frame> = hops.iter().flat_map(|hop| hop.frames.iter().rev()).collect();
    let asks = |frame: &&Frame| {
        let file = frame.at.as_ref().map_or("", |at| at.file.as_str());
        asks_allocator(&frame.function, file)
    };
    let allocator = before.iter().position(asks).unwrap_or(before.len());
    let inside = before.split_off(allocator);
    (before, inside)
}

impl Verdict {
    /// The verdict on a region of which nothing has been found out, for this reason.
    pub(crate) fn without_analysis(region: &Region, answer: Answer, reason: Gap) -> Self {
        Self {
            region: region.name.clone(),
            address: region.addr,
            at: region.at.clone(),
            function: region.function.clone(),
            required: region.required,
            copies: 0,
            shared_by: region.shared_by,
            answer,
            paths: Vec::new(),
            gaps: vec![reason],
            more_gaps: false,
            assumes: Vec::new(),
        }
    }

    /// The verdict on two copies of one region: the worse of both.
    pub(crate) fn and(mut self, mut other: Self) -> Self {
        if other.answer > self.answer {
            std::mem::swap(&mut self, &mut other);
        }
        let both = self.answer == other.answer;
        for path in &mut self.paths {
            path.always &= both && other.paths.iter().any(|p| p.what == path.what && p.always);
        }
        self.copies += other.copies;
        self.assumes.extend(other.assumes);
        self.assumes.sort();
        self.assumes.dedup();
        self
    }

    /// Takes a proof back that rests on an allocator of which inlined copies cannot be told.
    pub(crate) fn doubt(&mut self, unsure: Unsure<'_>) {
        if self.answer == Answer::Proven {
            self.answer = Answer::Unknown;
            let because = match unsure {
                Unsure::Path(shim) => format!(
                    "`{}` has a path that calls neither the malloc family nor another entry of the allocator",
                    symbol::name(shim)
                ),
                Unsure::Inlined(method) => format!(
                    "of its method `{method}` only inlined copies are left, and what the optimiser has merged with other code has no \
                     description"
                ),
                Unsure::NoEntry => {
                    "no entry of the allocator is left in this file, and no call of the malloc family \
                                    shows what it became"
                        .to_owned()
                }
            };
            self.gaps.push(Gap {
                why: format!("may contain inlined copies of the global allocator that cannot be told: {because}"),
                at: None,
                frames: Vec::new(),
                settle: "#[inline(never)] on all methods of the allocator, and [prove] allocator-out-of-line = \
                         \"they are marked so\"; for the system's allocator, and the guard round it, debug = \"limited\" will do"
                    .to_owned(),
            });
        }
    }
}

/// The path along these edges to a sink of this kind.
pub(crate) fn path(
    program: &Program<'_>,
    graph: &Graph,
    names: &Names<'_>,
    kind: Sink,
    edges: &[Edge],
) -> Path {
    let mut hops: Vec<Hop> = edges.iter().map(|&edge| hop(program, graph, names, edge)).collect();
    if let Some(first) = hops.first_mut() {
        first.frames.truncate(anchor::edge(&first.frames));
    }
    Path { always: false, what: kind.verb(), at: own_line(&hops), advice: advice::of(kind, &hops), hops }
}

fn hop(program: &Program<'_>, graph: &Graph, names: &Names<'_>, edge: Edge) -> Hop {
    let calls = match edge.to {
        To::Node(to) => names.function(graph.node(to).entry),
        To::Sink(_, Callee::Local(addr)) => names.function(addr),
        To::Sink(_, Callee::System(waits)) => {
            let name = waits.number.and_then(qadapt_calls::name).unwrap_or("read, write, futex or another");
            format!("system call {name} ({})", waits.word)
        }
        To::Sink(Sink::Wait, Callee::Import(i)) => {
            let name = program.image().import(i);
            format!("{} ({})", symbol::name(name), wait::of_function(name).unwrap_or("other"))
        }
        To::Sink(_, Callee::Import(i)) | To::Foreign(i) => symbol::name(program.image().import(i)),
        _ => String::new(),
    };
    Hop { frames: names.frames(edge.site), calls }
}

fn gap(program: &Program<'_>, names: &Names<'_>, by: u64, edge: Edge) -> Option<Gap> {
    let at = Anchor::of(&names.frames(by)).map(|anchor| format!("at = {anchor}"));
    let assume = |what: &str| match &at {
        Some(at) => format!("[[prove.assume]] {what}{at}, reason = \"..\""),
        None => {
            "debug information (`debug = \"line-tables-only\"`), so that an assumption can name this place"
                .into()
        }
    };
    let (why, settle) = match edge.to {
        To::Foreign(i) => {
            let name = symbol::name(program.image().import(i));
            if program.image().own_definition(i).is_some() {
                let settle =
                    "-Bsymbolic or protected visibility, or [prove] not-overridden = \"..\"".to_owned();
                (
                    format!(
                        "calls `{name}`, which this file exports, so that another object may override it"
                    ),
                    settle,
                )
            } else {
                let settle = match at {
                    Some(_) => assume(&format!("foreign = \"{name}\", ")),
                    None => format!(
                        "{}; of all its calls: [[prove.assume]] foreign = \"{name}\", reason = \"..\"",
                        assume("")
                    ),
                };
                (format!("calls the foreign function `{name}`, of which nothing is known"), settle)
            }
        }
        To::Unknown(why) if why.is_indirect() => {
            let callees = if at.is_some() && why != Why::OddJump {
                "; with `callees = [\"..\"]`, the functions that it can lead to, these are looked at"
            } else {
                ""
            };
            let made = if once::is_around(names.frames(by).iter()) {
                format!("; where the program makes it before, {MADE_BEFORE}")
            } else {
                String::new()
            };
            (describe(why).to_owned(), format!("a static call, or {}{callees}{made}", assume("")))
        }
        To::Unknown(why) => (describe(why).to_owned(), assume("")),
        _ => return None,
    };
    let frames = frames(names, by, edge.site);
    let mut outer = names.frames(by);
    outer.truncate(anchor::edge(&outer));
    let own = |frames: &[Frame]| {
        let own = frames.iter().find(|frame| frame.is_own() && frame.line().is_some());
        own.and_then(|frame| frame.at.clone())
    };
    Some(Gap { why, at: own(&frames).or_else(|| own(&outer)), frames, settle })
}

/// The frames at a call; where it has no name, as in a procedure linkage table, those at the call that leads there.
fn frames(names: &Names<'_>, by: u64, site: u64) -> Vec<Frame> {
    let frames = names.frames(site);
    match &frames[..] {
        [Frame { at: None, function, .. }] if function.starts_with("0x") => names.frames(by),
        _ => frames,
    }
}

fn describe(why: Why) -> &'static str {
    match why {
        Why::IndirectCall => "calls through a pointer (trait object, function pointer or callback)",
        Why::IndirectJump | Why::OddJump => {
            "jumps through a pointer (tail call of a trait object or callback, or a jump table)"
        }
        Why::Undecodable => "has bytes that could not be decoded, or an instruction that is not followed",
        Why::RunsOff => "runs over the end of its symbol",
        Why::OddReturn => {
            "leaves with a stack that it has changed (a return address of its own, another stack): where to could not be told"
        }
        Why::Signal => {
            "raises a signal, lets one in or stops at a breakpoint, and whoever handles that may allocate"
        }
        Why::System => "makes a system call of which the number could not be told",
        Why::NotCode => "calls an address that is not code of this file",
        Why::CaughtPanic => "catches panics, and a panic allocates",
        Why::BadTable => "has an exception table that could not be read",
        Why::TooComplex => "took more work than a whole file may take",
    }
}
