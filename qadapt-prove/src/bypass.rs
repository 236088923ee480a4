//! Whether a path through an inlined entry of the allocator keeps clear of the calls that it must make.

use super::assume::Nothing;
use super::body::{Block, Body, Call};
use super::described::Inlined;
use super::doom::Doomed;
use super::graph::Graph;
use super::load::Image;
use super::node::{Node, To};
use super::program::Program;
use super::role::Sink;
use super::start::{Part, Start};
use super::unavoidable;

/// The first of these entries that has such a path.
///
/// Its instructions need not be one stretch: the optimiser moves them, before the call or behind it. So a path through any of them
/// must make a call that is part of the entry, there, before or after. A path that ends in a panic need not.
///
/// The optimiser also merges the calls of two entries, and the result is part of neither. In a function without a mark of the
/// guard's any such call will do: whoever runs the function comes to that call too. With a mark, a region or a permit can end between.
pub(super) fn bypassed<'i>(program: &Program<'_>, inlined: &[(&'i Inlined, Sink)]) -> Option<&'i Inlined> {
    let mut starts: Vec<u64> = inlined.iter().filter_map(|(one, _)| entry_of(program, one)).collect();
    starts.sort_unstable();
    starts.dedup();
    let is_marked =
        |addr| inlined.iter().any(|(one, _)| one.is_marked && entry_of(program, one) == Some(addr));
    // In a function with a mark a panic may come after a region's end: what it does on the way to one counts.
    let start = |addr| Start { part: is_marked(addr).then(|| Part::all(addr)), ..Start::function(addr) };
    let regions: Vec<Start> = starts.iter().copied().map(start).collect();
    let coarse = Graph::build(program, &regions, &Nothing);
    // With constants there is more flow: a table of jumps, for instance.
    let refined = Graph::refine(program, &regions, &Nothing, &coarse);
    let found = inlined.iter().find(|(one, kind)| {
        let node = entry_of(program, one).and_then(|addr| starts.binary_search(&addr).ok());
        let Some(node) = node.and_then(|node| u32::try_from(node).ok()) else { return true };
        [&coarse, &refined].iter().any(|graph| is_bypassed(program.image(), graph, node, one, *kind))
    });
    found.map(|&(one, _)| one)
}

/// Where the function begins that has an inlined entry.
fn entry_of(program: &Program<'_>, one: &Inlined) -> Option<u64> {
    let image = program.image();
    let starts = one.function.iter().map(|range| range.start);
    starts.into_iter().find(|&addr| image.function_at(addr).is_some_and(|function| !function.is_fragment()))
}

fn is_bypassed(image: &Image<'_>, graph: &Graph, node: u32, one: &Inlined, kind: Sink) -> bool {
    let Node { body, edges, .. } = graph.node(node);
    // Where a call may be of one of several functions, all of them must.
    let allocates = |call: &Call| {
        let mut found = edges.iter().filter(|edge| edge.site == call.site).peekable();
        found.peek().is_some()
            && found.all(|edge| match edge.to {
                To::Sink(of, _) => of == kind,
                To::Node(to) => graph.always(to, kind),
                _ => false,
            })
    };
    let is_inside = |call: &Call| one.ranges.iter().any(|range| range.contains(&call.site));
    let is_part = |call: &Call| !call.callee.is_extracted(image) && is_inside(call);
    let counts = |call: &Call| (!one.is_marked || is_part(call)) && allocates(call);
    let stops: Vec<bool> = body.blocks.iter().map(|block| is_sure(body, block, &counts)).collect();
    let before = clean_from_entry(body, &stops);
    let doomed = if one.is_marked { Doomed::by(body, &is_inside) } else { Doomed::in_function(body) };
    let has_part = |block: &Block| {
        one.ranges.iter().any(|range| range.start < block.at.end && block.at.start < range.end)
    };
    (0u32..).zip(&body.blocks).any(|(i, block)| {
        before[i as usize]
            && !doomed.is_so(i)
            && !stops[i as usize]
            && has_part(block)
            && !unavoidable::cannot_avoid(body, &doomed, (i, block.at.start), &counts)
    })
}

/// Whether a block makes such a call whenever control comes to it.
fn is_sure(body: &Body, block: &Block, counts: &dyn Fn(&Call) -> bool) -> bool {
    unavoidable::calls_of(body, block).0.iter().any(|call| call.sure && counts(call))
}

/// The blocks that control reaches without such a call.
fn clean_from_entry(body: &Body, stops: &[bool]) -> Vec<bool> {
    let mut seen = vec![false; body.blocks.len()];
    let mut stack = vec![0];
    while let Some(i) = stack.pop() {
        let Some(block) = body.blocks.get(i as usize) else { continue };
        if !std::mem::replace(&mut seen[i as usize], true) && !stops[i as usize] {
            stack.extend(body.edges_of(block));
        }
    }
    seen
}
