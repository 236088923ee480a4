//! Places in SARIF: files as URIs, stacks as code flows.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::log::{
    ArtifactLocation, CodeFlow, Location, LogicalLocation, Message, PhysicalLocation, Region, ThreadFlow,
    ThreadFlowLocation,
};
use crate::format::counted::counted;
use crate::format::paths::{Paths, is_absolute};
use crate::format::source::printable;
use crate::format::view::View;
use crate::report::figures::{Frame, Site};
use crate::report::line::Line;
use crate::report::op;

/// The name that stands for the repository's root.
pub(super) const ROOT: &str = "%SRCROOT%";

/// Stacks that are shown for a line; the others are said to be there.
const STACKS: usize = 3;

/// Frames that are shown of a stack. Three such stacks stay below the 1,000 that GitHub shows for a result.
const FRAMES: usize = 256;

/// What stands for itself in the path of a URI, by RFC 3986.
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Room for code flows, in bytes of JSON: what they take is counted down.
#[derive(Debug)]
pub(super) struct Room {
    left: usize,
    /// Stacks that had no room.
    pub(super) left_out: usize,
}

impl Room {
    pub(super) const fn of(bytes: usize) -> Self {
        Self { left: bytes, left_out: 0 }
    }

    fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes);
        self.left = left.unwrap_or(self.left);
        self.left_out += usize::from(left.is_none());
        left.is_some()
    }
}

/// A place in a file; a path without a leading slash starts at the repository's root.
pub(super) fn location(path: &str, line: u32, column: u32) -> Location {
    let encoded = utf8_percent_encode(path, PATH);
    let artifact_location = if is_absolute(path) {
        // Before a drive stands a slash too (RFC 8089, appendix E.2), and its colon as it is.
        let root = if path.starts_with('/') { "" } else { "/" };
        let encoded = encoded.to_string().replacen("%3A", ":", root.len());
        ArtifactLocation { uri: format!("file://{root}{encoded}"), uri_base_id: None }
    } else {
        ArtifactLocation { uri: encoded.to_string(), uri_base_id: Some(ROOT) }
    };
    let region = Region { start_line: line, start_column: (column > 0).then_some(column) };
    Location {
        id: None,
        physical_location: PhysicalLocation { artifact_location, region },
        logical_locations: Vec::new(),
        message: None,
    }
}

/// A function by name, at a place.
pub(super) fn in_function(mut location: Location, function: &str) -> Location {
    location.logical_locations =
        vec![LogicalLocation { fully_qualified_name: printable(function), kind: "function" }];
    location
}

/// The stacks that lead to a line, the most frequent ones first, each from `main` to the allocator.
pub(super) fn code_flows(view: &View<'_>, paths: &Paths, line: &Line, room: &mut Room) -> Vec<CodeFlow> {
    let events = |site: &Site| -> u64 {
        site.counts.iter().flatten().fold(0, |sum, counts| sum.saturating_add(counts.estimate))
    };
    let mut sites: Vec<&Site> = line.sites.iter().filter_map(|&site| view.report.sites.get(site)).collect();
    sites.sort_by_key(|site| std::cmp::Reverse(events(site)));
    room.left_out += sites.len().saturating_sub(STACKS);
    let flows = sites.into_iter().take(STACKS).filter_map(|site| {
        let locations = locations(view, paths, site);
        let bytes: usize = locations.iter().map(bytes).sum();
        (!locations.is_empty() && room.take(bytes)).then(|| CodeFlow {
            message: Message::new(format!(
                "{}, {} along this stack",
                op::noun(site.op),
                counted(events(site), "time")
            )),
            thread_flows: [ThreadFlow { locations }],
        })
    });
    flows.collect()
}

/// The frames with a line, outermost first; of a longer stack the inner ones.
fn locations(view: &View<'_>, paths: &Paths, site: &Site) -> Vec<ThreadFlowLocation> {
    let frames = site.stack.iter().filter_map(|&frame| view.report.frames.get(frame as usize));
    let mut locations: Vec<ThreadFlowLocation> =
        frames.filter_map(|frame| step(paths, frame)).take(FRAMES).collect();
    locations.reverse();
    locations
}

fn step(paths: &Paths, frame: &Frame) -> Option<ThreadFlowLocation> {
    let path = paths.anywhere(frame.file.as_deref()?).filter(|_| frame.line > 0)?;
    let mut location = location(&path, frame.line, frame.column);
    location.message = Some(Message::new(printable(&frame.function)));
    Some(ThreadFlowLocation { location })
}

/// About how long a step is in JSON.
fn bytes(step: &ThreadFlowLocation) -> usize {
    let name = step.location.message.as_ref().map_or(0, |message| message.text.len());
    150 + step.location.physical_location.artifact_location.uri.len() + name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        let uri = |path: &str| location(path, 1, 0).physical_location.artifact_location.uri;
        assert_eq!(uri("src/a b%20<c>.rs"), "src/a%20b%2520%3Cc%3E.rs");
        assert_eq!(uri("src/é:1#?.rs"), "src/%C3%A9%3A1%23%3F.rs");
        assert_eq!(uri("/rustc/a-b_c~d.rs"), "file:///rustc/a-b_c~d.rs");
        assert_eq!(uri("C:/work/a:b.rs"), "file:///C:/work/a%3Ab.rs");
    }
}
