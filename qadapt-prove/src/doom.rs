//! What nothing but a panic can follow.
//!
//! What protected code does on its way to a panic of its own is exempt. A panic after its end is not its own: a region that has been
//! inlined may be followed by anything that its function does with what it returned.

use super::body::{Block, Body, Call, Callee, End, Why};
use super::start::Part;

/// The blocks of a function from which all paths end in a panic.
#[derive(Debug)]
pub(crate) enum Doomed<'b> {
    /// In any: those that are marked.
    InFunction(&'b Body),
    /// In one that is meant.
    Found(Found),
}

/// Whether all paths end in such a panic, block by block.
#[derive(Debug)]
pub(crate) struct Found {
    /// From where the block begins.
    from_start: Vec<bool>,
    /// From any place in it behind the labels of the part that is meant.
    from_label: Vec<bool>,
}

impl<'b> Doomed<'b> {
    /// Of a whole function: any panic in it is a panic of whoever called it.
    pub(crate) fn in_function(body: &'b Body) -> Self {
        Self::InFunction(body)
    }

    /// Of a part of a function: by its own panics, before it is left and entered anew.
    pub(crate) fn in_part(body: &Body, part: &Part) -> Self {
        let is_own = |call: &Call| part.own.contains(&call.site);
        let has_label = |block: &Block| part.is_entered_in(&block.at);
        Self::Found(find(body, &is_own, &has_label))
    }

    /// By these panics alone.
    pub(crate) fn by(body: &Body, is_one: &dyn Fn(&Call) -> bool) -> Self {
        Self::Found(find(body, is_one, &|_| false))
    }

    /// Whether all paths from a block's beginning end in a panic.
    pub(crate) fn is_so(&self, block: u32) -> bool {
        match self {
            Self::InFunction(body) => body.blocks.get(block as usize).is_some_and(|block| block.doomed),
            Self::Found(found) => found.from_start.get(block as usize).is_some_and(|&doomed| doomed),
        }
    }

    /// Whether all paths from a label in a block do.
    pub(crate) fn is_so_behind_label(&self, block: u32) -> bool {
        match self {
            Self::InFunction(_) => self.is_so(block),
            Self::Found(found) => found.from_label.get(block as usize).is_some_and(|&doomed| doomed),
        }
    }
}

impl Body {
    /// The calls of a part of the function, on paths that do not end in a panic of its own.
    pub(crate) fn live_calls_of(&self, part: &Part) -> Vec<&Call> {
        let doomed = Doomed::in_part(self, part);
        let mut calls = Vec::new();
        for &label in part.labels.iter() {
            match self.block_at(label) {
                Some(block) => calls.extend(self.live_calls_after(block, label, part, &doomed)),
                // Whoever made the part has seen to it that the label can be reached; if not, all counts.
                None => calls.extend(&self.calls),
            }
        }
        calls.retain(|call| !part.outside.contains(&call.site));
        calls
    }

    /// The calls that can follow a label in a block, up to the next label: what follows that is found from there.
    fn live_calls_after(&self, block: u32, label: u64, part: &Part, doomed: &Doomed<'_>) -> Vec<&Call> {
        let Some(first) = self.blocks.get(block as usize) else { return Vec::new() };
        let next_label = |block: &Block, from: u64| {
            part.labels.iter().copied().filter(|&label| block.at.contains(&label) && label >= from).min()
        };
        let up_to = |block: &Block, from: u64, to: Option<u64>| {
            let is_there = move |call: &&Call| call.site >= from && to.is_none_or(|to| call.site < to);
            self.calls_of(block).iter().filter(is_there)
        };
        let end = next_label(first, label + 1);
        if doomed.is_so_behind_label(block) && !part.is_entered_in(&(label + 1..first.at.end)) {
            return Vec::new();
        }
        let mut calls: Vec<&Call> = up_to(first, label, end).collect();
        let mut seen = vec![false; self.blocks.len()];
        let mut stack: Vec<u32> = if end.is_none() { self.edges_of(first).to_vec() } else { Vec::new() };
        while let Some(i) = stack.pop() {
            let Some(next) = self.blocks.get(i as usize) else { continue };
            if doomed.is_so(i) || std::mem::replace(&mut seen[i as usize], true) {
                continue;
            }
            let end = next_label(next, next.at.start);
            calls.extend(up_to(next, 0, end));
            if end.is_none() {
                stack.extend(self.edges_of(next));
            }
        }
        calls
    }

    /// Marks the blocks all of whose paths end in a panic.
    pub(super) fn doom(&mut self) {
        if self.blocks.iter().all(|block| !matches!(block.end, End::Panic | End::Dies)) {
            return;
        }
        let found = find(self, &|_| true, &|_| false);
        for (block, doomed) in self.blocks.iter_mut().zip(found.from_start) {
            block.doomed = doomed;
        }
    }
}

/// From the panics backwards, of those whose call is one that is meant; a block that is cut is not followed from its beginning. A
/// loop without an end is not doomed: nothing says that it will ever panic.
fn find(body: &Body, is_one: &dyn Fn(&Call) -> bool, is_cut: &dyn Fn(&Block) -> bool) -> Found {
    let mut found =
        Found { from_start: vec![false; body.blocks.len()], from_label: vec![false; body.blocks.len()] };
    let mut open: Vec<u32> = vec![0; body.blocks.len()];
    let mut queue = Vec::new();
    // The predecessors of all blocks in one list; those of block `i` end where those of the next one begin.
    let mut first: Vec<u32> = vec![0; body.blocks.len() + 1];
    for (i, block) in (0u32..).zip(&body.blocks) {
        for &to in body.edges_of(block) {
            first[to as usize] += 1;
            open[i as usize] += 1;
        }
        let is_end = match block.end {
            // The panic is whoever's it was that has led there.
            End::Dies => true,
            End::Panic => ends_in(body, block, is_one),
            _ => false,
        };
        if is_end {
            queue.push(i);
        }
    }
    let mut sum = 0;
    for end in &mut first {
        sum += *end;
        *end = sum;
    }
    let mut predecessors: Vec<u32> = vec![0; body.edges.len()];
    for (i, block) in (0u32..).zip(&body.blocks) {
        for &to in body.edges_of(block) {
            let at = &mut first[to as usize];
            *at -= 1;
            predecessors[*at as usize] = i;
        }
    }
    while let Some(i) = queue.pop() {
        if std::mem::replace(&mut found.from_label[i as usize], true) || is_cut(&body.blocks[i as usize]) {
            continue;
        }
        found.from_start[i as usize] = true;
        let (start, end) = (first[i as usize] as usize, first[i as usize + 1] as usize);
        for &p in &predecessors[start..end] {
            open[p as usize] -= 1;
            let block = &body.blocks[p as usize];
            if open[p as usize] == 0
                && block.end == End::Flow
                && (!unwinds(body, block) || ends_in(body, block, is_one))
            {
                queue.push(p);
            }
        }
    }
    found
}

/// Whether a block goes on where a panic of its last call is caught, and nowhere else.
fn unwinds(body: &Body, block: &Block) -> bool {
    body.edges_of(block).iter().all(|&to| {
        let pad = &body.blocks[to as usize];
        body.calls_of(pad).first().is_some_and(|call| call.callee == Callee::Unknown(Why::CaughtPanic))
    })
}

fn ends_in(body: &Body, block: &Block, is_one: &dyn Fn(&Call) -> bool) -> bool {
    body.calls_of(block).last().is_some_and(is_one)
}
