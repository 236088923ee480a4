//! A verdict as it is kept: all of it, where reports leave out columns and whose code a frame is.

use qadapt_code::advice::Advice;
use qadapt_code::origin::Origin;
use serde::{Deserialize, Serialize};

use super::hop::Hop;
use super::names::Frame;
use super::place::Place;
use super::role::Sink;
use super::verdict::{Answer, Gap, Path, Verdict};

/// File, line and column.
type KeptPlace = (String, u32, u32);
/// Function, place and whose code it is.
type KeptFrame = (String, Option<KeptPlace>, Origin);
/// Frames, and what is called.
type KeptHop = (Vec<KeptFrame>, String);

#[derive(Deserialize, Serialize)]
struct KeptPath {
    always: bool,
    what: String,
    at: Option<KeptPlace>,
    hops: Vec<KeptHop>,
    /// The name of the rule.
    advice: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct KeptGap {
    why: String,
    at: Option<KeptPlace>,
    frames: Vec<KeptFrame>,
    settle: String,
}

/// A verdict that can be written and read.
#[derive(Deserialize, Serialize)]
pub(super) struct Kept {
    region: String,
    address: u64,
    at: Option<KeptPlace>,
    function: Option<String>,
    required: bool,
    copies: usize,
    shared_by: usize,
    answer: Answer,
    paths: Vec<KeptPath>,
    gaps: Vec<KeptGap>,
    more_gaps: bool,
    assumes: Vec<String>,
}

impl Kept {
    pub(super) fn of(verdict: &Verdict) -> Self {
        let Verdict { region, address, at, function, required, copies, shared_by, answer, .. } = verdict;
        let Verdict { paths, gaps, more_gaps, assumes, .. } = verdict;
        let path = |path: &Path| {
            let Path { always, what, at, hops, advice } = path;
            KeptPath {
                always: *always,
                what: (*what).to_owned(),
                at: at.as_ref().map(place),
                hops: hops.iter().map(|hop| (frames(&hop.frames), hop.calls.clone())).collect(),
                advice: advice.map(|advice| advice.id.to_owned()),
            }
        };
        let gap = |gap: &Gap| {
            let Gap { why, at, frames: round, settle } = gap;
            let (at, frames) = (at.as_ref().map(place), frames(round));
            KeptGap { why: why.clone(), at, frames, settle: settle.clone() }
        };
        Self {
            region: region.clone(),
            address: *address,
            at: at.as_ref().map(place),
            function: function.clone(),
            required: *required,
            copies: *copies,
            shared_by: *shared_by,
            answer: *answer,
            paths: paths.iter().map(path).collect(),
            gaps: gaps.iter().map(gap).collect(),
            more_gaps: *more_gaps,
            assumes: assumes.clone(),
        }
    }

    /// The verdict; none if it speaks of what this version does not know.
    pub(super) fn verdict(self) -> Option<Verdict> {
        let path = |path: KeptPath| {
            let advice = match path.advice {
                Some(id) => Some(Advice::of(qadapt_advice::rules().find(|rule| rule.id() == id)?)),
                None => None,
            };
            let verbs = [Sink::Alloc, Sink::Free, Sink::Wait].map(Sink::verb);
            Some(Path {
                always: path.always,
                what: verbs.into_iter().find(|verb| *verb == path.what)?,
                at: path.at.map(read_place),
                hops: path.hops.into_iter().map(|(f, calls)| Hop { frames: read_frames(f), calls }).collect(),
                advice,
            })
        };
        let gap = |gap: KeptGap| Gap {
            why: gap.why,
            at: gap.at.map(read_place),
            frames: read_frames(gap.frames),
            settle: gap.settle,
        };
        Some(Verdict {
            region: self.region,
            address: self.address,
            at: self.at.map(read_place),
            function: self.function,
            required: self.required,
            copies: self.copies,
            shared_by: self.shared_by,
            answer: self.answer,
            paths: self.paths.into_iter().map(path).collect::<Option<_>>()?,
            gaps: self.gaps.into_iter().map(gap).collect(),
            more_gaps: self.more_gaps,
            assumes: self.assumes,
        })
    }
}

fn place(place: &Place) -> KeptPlace {
    (place.file.clone(), place.line, place.column)
}

fn read_place((file, line, column): KeptPlace) -> Place {
    Place { file, line, column }
}

fn frames(frames: &[Frame]) -> Vec<KeptFrame> {
    let frame = |frame: &Frame| (frame.function.clone(), frame.at.as_ref().map(place), frame.origin);
    frames.iter().map(frame).collect()
}

fn read_frames(frames: Vec<KeptFrame>) -> Vec<Frame> {
    let frame = |(function, at, origin): KeptFrame| Frame { function, at: at.map(read_place), origin };
    frames.into_iter().map(frame).collect()
}
