//! Annotations of GitHub Actions: commands that its runner finds in a step's output.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use std::fmt::Write as _;

use super::item::{Item, Severity, foremost, items};
use super::paths::Paths;
use super::view::View;

/// Annotations of each severity that GitHub shows for a step.
const SHOWN: usize = 10;

/// The report as annotations.
#[must_use]
pub fn github(view: &View<'_>) -> String {
    let items = items(view);
    let paths = Paths::of(view.root);
    let mut out = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let all: Vec<&Item> = items.iter().filter(|item| item.severity == severity).collect();
        let most = if all.len() > SHOWN { SHOWN - 1 } else { SHOWN };
        for index in foremost(view, &all, most) {
            let item = all[index];
            let place = item.place(view, &paths);
            command(&mut out, severity, place, &format!("qadapt: {}", item.rule), &item.text());
        }
        if let Some(more) = all.len().checked_sub(most).filter(|&more| more > 0) {
            let message = format!(
                "{more} more are not shown, because GitHub shows {SHOWN} of a kind for a step: --format text or sarif \
                 has them all"
            );
            command(&mut out, severity, None, "qadapt", &message);
        }
    }
    out
}

fn command(out: &mut String, severity: Severity, place: Option<(String, u32)>, title: &str, message: &str) {
    let name = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let _ = write!(out, "::{name} ");
    if let Some((file, line)) = place {
        let _ = write!(out, "file={},line={line},", property(&file));
    }
    let _ = writeln!(out, "title={}::{}", property(title), data(message));
}

/// A message, escaped as the runner undoes it.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, likewise.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runner_reads_is_escaped() {
        let mut out = String::new();
        command(&mut out, Severity::Note, Some(("a,b:c%0A.rs".into(), 3)), "x: y", "50%\r\n::error::z");
        assert_eq!(out, "::notice file=a%2Cb%3Ac%250A.rs,line=3,title=x%3A y::50%25%0D%0A::error::z\n");
    }
}
