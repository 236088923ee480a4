//! What an assumption is bound to: one place in the source, or several that one call has in its inlined frames.

use std::fmt;

use qadapt_code::origin;
use serde::Deserialize;

use super::marks::Kind;
use super::names::Frame;

/// `file:line` or `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    file: String,
    line: u32,
    /// Any, if it is 0.
    column: u32,
}

/// The places that a call must have among its inlined frames.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Anchor(Vec<Spot>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    One(String),
    All(Vec<String>),
}

impl TryFrom<Written> for Anchor {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let spots = match written {
            Written::One(spot) => vec![spot],
            Written::All(spots) => spots,
        };
        if spots.is_empty() {
            return Err("`at` names no place".into());
        }
        spots.iter().map(|s| Spot::parse(s)).collect::<Result<_, _>>().map(Self)
    }
}

impl Spot {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`at = \"{text}\"` is no place: write file:line or file:line:column");
        let (rest, last) = text.rsplit_once(':').ok_or_else(wrong)?;
        let last: u32 = last.parse().map_err(|_| wrong())?;
        let (file, line, column) = match rest.rsplit_once(':').map(|(file, line)| (file, line.parse())) {
            Some((file, Ok(line))) => (file, line, last),
            _ => (rest, last, 0),
        };
        if file.is_empty() || line == 0 {
            return Err(wrong());
        }
        Ok(Self { file: file.to_owned(), line, column })
    }

    fn is_at(&self, frame: &Frame) -> bool {
        frame.at.as_ref().is_some_and(|at| {
            at.line == self.line
                && (self.column == 0 || at.column == self.column)
                && ends_with(&at.file, &self.file)
        })
    }
}

/// Whether a path is another one or ends in it, by whole names.
fn ends_with(path: &str, end: &str) -> bool {
    let end = end.trim_start_matches("./");
    path.strip_suffix(end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

impl Anchor {
    /// What binds an assumption to a call with these frames, innermost first: the place of the call in the program's own
    /// code, and the place in the region's own function that it was inlined into.
    pub(crate) fn of(frames: &[Frame]) -> Option<Self> {
        let inside = &frames[..frames.iter().position(is_guard).unwrap_or(frames.len())];
        let mut placed = inside.iter().filter(|f| f.at.as_ref().is_some_and(|at| at.line > 0));
        let outer = placed.clone().next_back()?;
        let inner = placed.find(|f| f.is_own()).unwrap_or(outer);
        let mut spots: Vec<Spot> = [inner, outer].into_iter().filter_map(Spot::of).collect();
        spots.dedup();
        Some(Self(spots))
    }

    /// Whether it names places in lines: of two calls in one line it means one.
    pub(crate) fn is_exact(&self) -> bool {
        self.0.iter().all(|spot| spot.column > 0)
    }

    /// Whether a call with these frames has all these places.
    pub(crate) fn is_at(&self, frames: &[Frame]) -> bool {
        self.0.iter().all(|spot| frames.iter().any(|frame| spot.is_at(frame)))
    }
}

impl Spot {
    fn of(frame: &Frame) -> Option<Self> {
        let at = frame.at.as_ref()?;
        // Short where it can be: paths are matched by their ends.
        let here = std::env::current_dir().unwrap_or_default();
        let file = std::path::Path::new(&at.file);
        let file = file.strip_prefix(here).unwrap_or(file).display().to_string();
        Some(Self { file, line: at.line, column: at.column })
    }
}

/// How many frames of a call, innermost first, are inside the region that it was inlined into: all if that is not told.
pub(crate) fn edge(frames: &[Frame]) -> usize {
    let is_edge = |frame: &Frame| {
        let name = frame.function.strip_prefix("qadapt::mark::").unwrap_or(&frame.function);
        name.split(['<', ':']).next().and_then(Kind::of_function).is_some_and(Kind::is_region)
    };
    frames.iter().position(is_edge).unwrap_or(frames.len())
}

/// Whether a frame is the guard's own: all regions have these. With line tables alone a function has no path, and then
/// its file tells.
pub(crate) fn is_guard(frame: &Frame) -> bool {
    is_guard_name(&frame.function) || frame.at.as_ref().is_some_and(|at| origin::is_guard(&at.file))
}

/// The same of a name.
pub(crate) fn is_guard_name(function: &str) -> bool {
    function.trim_start_matches('<').starts_with("qadapt::")
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// As in `qadapt.toml`.
impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted: Vec<String> = self.0.iter().map(|spot| format!("\"{spot}\"")).collect();
        match &quoted[..] {
            [one] => f.write_str(one),
            all => write!(f, "[{}]", all.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::place::Place;
    use qadapt_code::origin::Origin;

    fn frame(function: &str, file: &str, line: u32, column: u32, own: bool) -> Frame {
        let at = Some(Place { file: file.to_owned(), line, column });
        Frame { function: function.to_owned(), at, origin: if own { Origin::Own } else { Origin::Internal } }
    }

    fn chain() -> Vec<Frame> {
        vec![
            frame("core::ops::call", "/rustc/1/ops.rs", 250, 5, false),
            frame("app::helper", "/ws/src/helper.rs", 3, 9, true),
            frame("app::quiet::{closure#0}", "/ws/src/main.rs", 11, 5, true),
            frame("qadapt::mark::region", "/q/mark.rs", 29, 5, true),
            frame("app::main", "/ws/src/main.rs", 40, 1, true),
        ]
    }

    #[test]
    fn binds_to_the_call_and_to_the_line_of_the_region_that_it_is_in() {
        let anchor = Anchor::of(&chain()).expect("it has places");
        assert_eq!(anchor.to_string(), "[\"/ws/src/helper.rs:3:9\", \"/ws/src/main.rs:11:5\"]");
        assert!(anchor.is_at(&chain()));
        let mut other = chain();
        other[2] = frame("app::loud::{closure#0}", "/ws/src/main.rs", 12, 5, true);
        assert!(!anchor.is_at(&other), "the same helper in another region");
        assert_eq!(
            Anchor::of(&chain()[2..]).map(|a| a.to_string()).as_deref(),
            Some("\"/ws/src/main.rs:11:5\"")
        );
        assert_eq!(Anchor::of(&chain()[3..]), None, "the guard's own code belongs to all regions");
        let mut lines_alone = chain();
        lines_alone[3] =
            frame("__qadapt_region<(), quiet::{closure_env#0}>", "/ws/qadapt/src/mark.rs", 29, 5, false);
        assert_eq!(Anchor::of(&lines_alone), Some(anchor), "the guard's file tells");
    }

    #[test]
    fn reads_what_it_writes_and_less() {
        let read = |text: &str| Anchor::try_from(Written::One(text.to_owned()));
        for (text, there) in [
            ("src/helper.rs:3", true),
            ("src/helper.rs:3:9", true),
            ("./src/helper.rs:3", true),
            ("/ws/src/helper.rs:3", true),
            ("src/helper.rs:3:8", false),
            ("src/helper.rs:4", false),
            ("per.rs:3", false),
        ] {
            assert_eq!(read(text).expect(text).is_at(&chain()), there, "{text}");
        }
        for bad in ["", "main.rs", ":3", "main.rs:", "main.rs:0", "qadapt::mark::region"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
