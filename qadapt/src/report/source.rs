//! A line of the user's source, as a report shows it.

use core::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use super::frame::Site;

/// Characters of a source line that are shown.
const WIDTH: usize = 160;

/// Writes `--> file:line:column` and, if the file can be read, the line with a mark below the column.
pub(super) fn excerpt(f: &mut impl fmt::Write, site: &Site<'_>) -> fmt::Result {
    let gutter = site.line().to_string();
    let indent = gutter.len();
    writeln!(f, "{:indent$}--> {site}", "")?;
    let Some(line) = read(site.path(), site.line()) else { return Ok(()) };
    let column = site.column().unwrap_or(1).saturating_sub(1) as usize;
    let (shown, before) = printable(&line, column);
    writeln!(f, "{:indent$} |", "")?;
    writeln!(f, "{gutter} | {shown}")?;
    writeln!(f, "{:indent$} | {:before$}^", "", "")
}

/// The line's text without its indentation's control characters, cut to the width, and where the column is in it.
fn printable(line: &str, column: usize) -> (String, usize) {
    let mut shown = String::new();
    let mut before = 0;
    for (index, (byte, character)) in line.char_indices().enumerate() {
        if index == WIDTH {
            shown.push('…');
            break;
        }
        // Columns are bytes in debug information.
        before = if byte <= column { index } else { before };
        shown.push(match character {
            '\t' => ' ',
            control if control.is_control() => '\u{FFFD}',
            other => other,
        });
    }
    (shown, before)
}

/// The line with this number, counted from 1. At most 64 KiB of one line and 16 MiB of a file are read.
fn read(path: &Path, line: u32) -> Option<String> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut reader = BufReader::new(file.take(16 << 20));
    let mut bytes = Vec::new();
    for _ in 0..line {
        bytes.clear();
        if reader.by_ref().take(64 << 10).read_until(b'\n', &mut bytes).ok()? == 0 {
            return None;
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    Some(text.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_made_printable() {
        assert_eq!(printable("\tlet x;", 1), (" let x;".to_owned(), 1));
        assert_eq!(printable("a\u{1b}[31mb", 0), ("a\u{FFFD}[31mb".to_owned(), 0));
        // The column counts bytes: two for the first letter.
        assert_eq!(printable("é = 1", 3), ("é = 1".to_owned(), 2));
        let (shown, before) = printable(&"x".repeat(1000), 999);
        assert_eq!((shown.chars().count(), before), (WIDTH + 1, WIDTH - 1));
    }

    #[test]
    fn a_line_is_read_by_its_number() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/report/source.rs");
        assert_eq!(read(&path, 1).as_deref(), Some("//! A line of the user's source, as a report shows it."));
        assert_eq!(read(&path, 1_000_000), None);
        assert_eq!(read(Path::new("/no/such/file"), 1), None);
        assert_eq!(read(Path::new("/"), 1), None);
    }
}
