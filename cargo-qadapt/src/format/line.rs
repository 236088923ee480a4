//! A line of a report, for people.

use std::fmt::Write as _;

use super::source::{Sources, opening, printable};
use super::style::{BAD, DIFFERENT, FAINT, paint};
use crate::report::figures::{Profile, SiteCounts};
use crate::report::line::Line;
use crate::report::live::LiveTotal;
use crate::report::op;

/// The profiles that lines are shown of.
pub(super) struct Shown<'a> {
    /// What each is called.
    pub(super) names: Vec<String>,
    /// What is known of all its blocks.
    pub(super) live: Vec<Option<&'a LiveTotal>>,
    /// Says of each line what became of its blocks, and not only what leaks.
    pub(super) says_all: bool,
}

impl<'a> Shown<'a> {
    pub(super) fn of(profiles: impl Iterator<Item = &'a Profile>, says_all: bool) -> Self {
        let (names, live) = profiles
            .map(|profile| (opening(&printable(&profile.name), "profile"), profile.live.as_ref()))
            .unzip();
        Self { names, live, says_all }
    }

    /// What became of a line's blocks in a profile, if that is to be said.
    fn lives(&self, site: &Line, profile: usize) -> Option<String> {
        let live = site.counts.get(profile)?.as_ref()?.live?;
        let total = self.live.get(profile).copied().flatten();
        let unseen = total.map_or(0, |total| total.unseen);
        (self.says_all || !live.was_drawn() || live.blocks > 0).then(|| live.words(unseen))
    }
}

/// A line of code, what it calls, how often and what to do instead.
pub(super) fn site(out: &mut String, shown: &Shown<'_>, line: &Line, sources: &mut Sources) {
    let mark =
        if line.mark.is_empty() { String::new() } else { format!("  [{}]", paint(DIFFERENT, &line.mark)) };
    match &line.at {
        Some((file, number)) => {
            let _ = writeln!(out, "  {}:{number}{mark}", opening(&printable(file), "file"));
            if let Some(text) = sources.line(file, *number) {
                let _ = writeln!(out, "      {} {text}", paint(FAINT, "|"));
            }
        }
        None => {
            let _ = writeln!(out, "  {}{mark}", opening(&printable(&line.function), "function"));
        }
    }
    let called = if line.called.is_empty() {
        String::new()
    } else {
        let names: Vec<String> = line.called.iter().map(|name| printable(name)).collect();
        format!(" by {}", names.join(", "))
    };
    let inside = inside(line);
    let inside = if inside.is_empty() { String::new() } else { format!(", in {inside}") };
    let _ = writeln!(out, "      {}{called}{inside}", paint(BAD, &op::noun(line.op)));
    for (index, profile) in shown.names.iter().enumerate() {
        if let Some(figures) = line_figures(line, index) {
            let _ = writeln!(out, "      {profile}: {figures}");
            if let Some(lives) = shown.lives(line, index) {
                let _ = writeln!(out, "      {profile}: {lives}");
            }
        }
    }
    for advice in &line.advice {
        let _ = writeln!(out, "      help: {}", advice.text);
    }
}

/// The places in dependencies and wrappers where a line's memory is asked for, the first few.
#[must_use]
pub fn inside(line: &Line) -> String {
    /// Places that are listed.
    const MOST: usize = 3;
    let mut places: Vec<String> = line.inside.iter().take(MOST).map(|place| printable(place)).collect();
    places.extend((line.inside.len() > MOST).then(|| "..".to_owned()));
    places.join(", ")
}

/// How often a line was passed in a profile, in words, and in how many entries; none if it was not.
#[must_use]
pub fn line_figures(line: &Line, profile: usize) -> Option<String> {
    let counts = line.counts.get(profile)?.as_ref()?;
    let often = if line.op.is_call() { times(counts) } else { figures(counts) };
    let entries = line.entries.get(profile).copied().flatten().and_then(|entries| entries.words());
    Some(match entries {
        Some(entries) => format!("{often}; {entries}"),
        None => often,
    })
}

/// How often a call was made, in words.
fn times(counts: &SiteCounts) -> String {
    match counts.count {
        _ if counts.is_sampled() => {
            format!("about {} times (± {} %, {} sampled)", counts.estimate, counts.error(), counts.count)
        }
        1 => "once".to_owned(),
        count => format!("{count} times"),
    }
}

/// How often a site was passed, in words. What was sampled comes with its error, which 19 of 20 such figures keep.
fn figures(counts: &SiteCounts) -> String {
    let size = |bytes: u64| if bytes == 1 { "1 byte".to_owned() } else { format!("{bytes} bytes") };
    let bytes = size(counts.bytes);
    if counts.is_sampled() {
        return format!(
            "about {} times (± {} %, {} sampled), about {bytes} (± {} %), the largest request {}",
            counts.estimate,
            counts.error(),
            counts.count,
            counts.bytes_error(),
            size(counts.largest)
        );
    }
    match counts.count {
        // It was met by a block that was followed.
        0 => "not among the events whose stacks were sampled".to_owned(),
        1 => format!("once, {bytes}"),
        count => format!("{count} times, {bytes}, the largest request {}", size(counts.largest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_called_so() {
        let (variance, bytes_variance) = (100.0, 6400.0);
        let counts = SiteCounts {
            count: 3,
            estimate: 48,
            bytes: 384,
            largest: 8,
            variance,
            bytes_variance,
            align: 8,
            ..SiteCounts::default()
        };
        assert_eq!(
            figures(&counts),
            "about 48 times (± 42 %, 3 sampled), about 384 bytes (± 42 %), the largest request 8 bytes"
        );
        let exact = SiteCounts { count: 3, estimate: 3, bytes: 24, largest: 8, ..SiteCounts::default() };
        assert_eq!(figures(&exact), "3 times, 24 bytes, the largest request 8 bytes");
        let one = SiteCounts { count: 1, estimate: 1, bytes: 1, largest: 1, ..SiteCounts::default() };
        assert_eq!(figures(&one), "once, 1 byte");
        assert_eq!(figures(&SiteCounts::default()), "not among the events whose stacks were sampled");
        let empty = SiteCounts { count: 2, estimate: 2, bytes: 1, largest: 1, ..SiteCounts::default() };
        assert_eq!(figures(&empty), "2 times, 1 byte, the largest request 1 byte");
    }
}
