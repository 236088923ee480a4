//! What is said of a region before it begins, by a label of its own: whether that holds on every path, each time anew.
//!
//! A loop that the compiler has unrolled, and any other code of which it has made several copies, has several labels of one
//! region and of what is said of it. So a label counts for those regions alone that no path comes to without it.

use super::body::{Body, End};
use super::copies::RegionCopy;
use super::marks::Label;

/// What a label stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// It is said here.
    Said,
    /// The region begins.
    Region,
}

/// The labels of a copy of a region, and those that say it: in the order of the code, as all labels are.
pub(crate) fn events(
    labels: &[Label],
    copy: &RegionCopy,
    says: impl Fn(&Label) -> bool,
) -> Vec<(u64, Event)> {
    let event = |label: &Label| match label {
        label if says(label) => Some((label.addr, Event::Said)),
        label if label.kind == copy.kind && copy.labels.contains(&label.addr) => {
            Some((label.addr, Event::Region))
        }
        _ => None,
    };
    labels.iter().filter_map(event).collect()
}

/// Whether it is said before the first region on every path through a function, and again between any two.
pub(crate) fn is_said(body: &Body, events: &[(u64, Event)]) -> bool {
    // Where the flow is lost, it may come to any place.
    let is_lost = || body.blocks.iter().any(|block| block.end == End::Lost);
    if events.iter().all(|event| event.1 == Event::Region) || is_lost() {
        return false;
    }
    // The first of a block's events. Where it begins, something may be said at the end of the one before: a label takes no
    // room.
    let first_in = |block: u32| {
        let at = &body.blocks[block as usize].at;
        let is_sure = ways_into(body, block) <= 1;
        let mut here = events.iter().filter(|event| at.contains(&event.0));
        here.find(|event| is_sure || event.1 == Event::Region || event.0 != at.start).map(|event| event.1)
    };
    let mut stack: Vec<u32> = vec![0];
    for (i, event) in events.iter().enumerate().filter(|(_, event)| event.1 == Event::Region) {
        let Some(block) = body.block_at(event.0).map(|block| &body.blocks[block as usize]) else {
            return false;
        };
        match events.get(i + 1).filter(|next| block.at.contains(&next.0)).map(|next| next.1) {
            Some(Event::Region) => return false,
            Some(Event::Said) => {}
            None => stack.extend(body.edges_of(block)),
        }
    }
    let mut seen = vec![false; body.blocks.len()];
    while let Some(block) = stack.pop() {
        if std::mem::replace(&mut seen[block as usize], true) {
            continue;
        }
        match first_in(block) {
            Some(Event::Region) => return false,
            Some(Event::Said) => {}
            None => stack.extend(body.edges_of(&body.blocks[block as usize])),
        }
    }
    true
}

/// How many ways lead into a block: from others, and from the function's callers.
fn ways_into(body: &Body, block: u32) -> usize {
    usize::from(block == 0) + body.edges.iter().filter(|to| **to == block).count()
}

#[cfg(test)]
mod tests {
    use Event::{Region as R, Said as S};

    use super::*;
    use crate::body::Block;

    #[test]
    fn it_is_said_if_each_way_to_a_region_says_it_again() {
        // 0 -> 1 | 2, 1 -> 3, 2 -> 3, 3 -> 3 | 4.
        let edges: [&[u32]; 5] = [&[1, 2], &[3], &[3], &[3, 4], &[]];
        let mut body = Body::default();
        for (i, to) in (0u64..).zip(edges) {
            let first = u32::try_from(body.edges.len()).expect("few");
            body.edges.extend(to);
            let last = u32::try_from(body.edges.len()).expect("few");
            let at = i * 16..i * 16 + 16;
            body.blocks.push(Block { at, calls: 0..0, edges: first..last, end: End::Flow, doomed: false });
        }
        for (events, expected) in [
            (&[(0, S), (0x10, R)][..], true),
            (&[(0x10, S), (0x30, R)], false),
            (&[(0x10, S), (0x18, R)], true),
            // Of labels at one address, that of the region comes last or first.
            (&[(0x18, S), (0x18, R)], true),
            (&[(0x18, R), (0x18, S)], false),
            // What a block begins with may be what two of the ways end with, or one; what the next one begins with is none of it.
            (&[(0x30, S), (0x38, R)], false),
            (&[(0x10, S), (0x20, S), (0x40, R)], true),
            (&[(0x10, S), (0x20, R)], false),
            // Round the loop it is not said again.
            (&[(0x10, S), (0x20, S), (0x30, R)], false),
            (&[(0x34, S), (0x38, R)], true),
            (&[(0x34, R), (0x38, S)], false),
            // The second round of an unrolled loop is another one.
            (&[(0x12, S), (0x14, R), (0x18, R)], false),
            (&[(0, S), (0x14, R), (0x41, R)], false),
            (&[(0, S), (0x14, R), (0x24, R), (0x34, S), (0x41, R)], true),
            (&[(0x12, S), (0x14, R), (0x16, S), (0x18, R)], true),
            // Of a region that no flow comes to nothing is known.
            (&[(0, S), (0x90, R)], false),
            (&[], false),
        ] {
            assert_eq!(is_said(&body, events), expected, "{events:x?}");
        }
        assert!(is_said(&body, &[(0, S), (0x41, R)]));
        body.blocks[2].end = End::Lost;
        assert!(!is_said(&body, &[(0, S), (0x41, R)]));
    }
}
