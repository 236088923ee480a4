//! What a node cannot avoid: all its paths that return come to it.

use std::collections::VecDeque;

use super::addr_map::AddrSet;
use super::body::{Block, Body, Call, End};
use super::doom::Doomed;
use super::node::{Edge, Node, To};
use super::role::Sink;

/// The nodes all of whose returning paths come to a sink of this kind, to a fixed point from the sinks upwards.
pub(super) fn unavoidable(nodes: &[Node], callers: &[Vec<u32>], kind: Sink) -> Vec<bool> {
    let mut always = vec![false; nodes.len()];
    let mut queued = vec![false; nodes.len()];
    let mut queue = VecDeque::new();
    for (i, node) in (0u32..).zip(nodes) {
        if node.edges.iter().any(|e| matches!(e.to, To::Sink(k, _) if k == kind)) {
            queue.push_back(i);
            queued[i as usize] = true;
        }
    }
    while let Some(i) = queue.pop_front() {
        queued[i as usize] = false;
        if always[i as usize] {
            continue;
        }
        let node = &nodes[i as usize];
        // Where a call may be of one of several functions, all of them must.
        let avoids = |edge: &Edge| match edge.to {
            To::Sink(k, _) => k != kind,
            To::Node(to) => !always[to as usize],
            _ => true,
        };
        let mut sites: AddrSet = node.edges.iter().map(|edge| edge.site).collect();
        for edge in node.edges.iter().filter(|edge| avoids(edge)) {
            sites.remove(&edge.site);
        }
        let allocates = |call: &Call| sites.contains(&call.site);
        let sure = match &node.part {
            Some(part) => {
                let doomed = Doomed::in_part(&node.body, part);
                let counts = |call: &Call| allocates(call) && !part.outside.contains(&call.site);
                part.labels.iter().all(|&label| {
                    node.body
                        .block_at(label)
                        .is_some_and(|block| cannot_avoid(&node.body, &doomed, (block, label), &counts))
                })
            }
            None => cannot_avoid(&node.body, &Doomed::in_function(&node.body), (0, 0), &allocates),
        };
        if sure {
            always[i as usize] = true;
            for &caller in &callers[i as usize] {
                if !queued[caller as usize] {
                    queued[caller as usize] = true;
                    queue.push_back(caller);
                }
            }
        }
    }
    always
}

/// Whether no path from an address in a block to an end that is not a panic, or back there, keeps clear of the calls
/// that allocate.
pub(super) fn cannot_avoid(
    body: &Body,
    doomed: &Doomed<'_>,
    from: (u32, u64),
    allocates: &dyn Fn(&Call) -> bool,
) -> bool {
    let mut seen = vec![false; body.blocks.len()];
    let mut stack = vec![from.0];
    let mut stopped = false;
    while let Some(i) = stack.pop() {
        let Some(block) = body.blocks.get(i as usize) else { continue };
        let first = i == from.0;
        if first && seen[i as usize] && from.1 != 0 {
            return false;
        }
        let is_doomed = if first { doomed.is_so_behind_label(i) } else { doomed.is_so(i) };
        if is_doomed || std::mem::replace(&mut seen[i as usize], true) {
            continue;
        }
        let (sure, last) = calls_of(body, block);
        if sure.iter().any(|c| c.sure && (!first || c.site >= from.1) && allocates(c)) {
            stopped = true;
            continue;
        }
        if last.iter().any(allocates) {
            stopped = true;
        } else if block.end != End::Flow {
            return false;
        }
        stack.extend(body.edges_of(block));
    }
    stopped
}

/// The calls of a block that are made on all sides, and the last one of a conditional tail call, which is made on one side only.
pub(super) fn calls_of<'b>(body: &'b Body, block: &Block) -> (&'b [Call], &'b [Call]) {
    let calls = body.calls_of(block);
    let is_conditional = block.end == End::Tail && !body.edges_of(block).is_empty();
    calls.split_at(calls.len().saturating_sub(is_conditional.into()))
}
