//! Where reports go.

use std::fs::{self, File};
use std::io::{self, ErrorKind, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::name::Format;
use super::style::Color;
use super::view::View;
use crate::error::{Error, Result};

/// Where and how a report goes.
#[derive(Args, Clone, Debug)]
pub struct Output {
    /// How to print the report.
    #[arg(long, value_enum, default_value = "text")]
    pub format: Format,
    /// Writes the report to this file instead of standard output.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// When to colour the report.
    #[arg(long, value_enum, default_value = "auto")]
    pub color: Color,
}

impl Output {
    /// Asks, before the work, whether the report could be written.
    ///
    /// # Errors
    /// If the format is binary and would go to a terminal, or the file cannot be written.
    pub fn ready(&self) -> Result<()> {
        self.fits_terminal()?;
        writable(self.output.as_deref())
    }

    fn fits_terminal(&self) -> Result<()> {
        if self.format.is_binary() && self.output.is_none() && std::io::stdout().is_terminal() {
            return Err(Error::Usage(
                "this format is binary, and standard output is a terminal: name a file with --output PATH"
                    .to_owned(),
            ));
        }
        Ok(())
    }

    /// Writes a report.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, view: &View<'_>) -> Result<()> {
        self.write_rendered(self.format.render(view)?)
    }

    /// Writes a text that is no report's.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_rendered(&self, report: Vec<u8>) -> Result<()> {
        self.fits_terminal()?;
        deliver(report, self.format == Format::Text, self.output.as_deref(), self.color)
    }

    /// Prints problems to standard error, each once, as errors or as what else they are called.
    pub fn say(&self, called: &str, problems: &[String]) {
        say(self.color, called, problems);
    }
}

/// Prints problems to standard error, each once, as errors or as what else they are called.
pub fn say(color: Color, called: &str, problems: &[String]) {
    let mut stderr = color.stderr();
    for (index, problem) in problems.iter().enumerate() {
        if !problems[..index].contains(problem) {
            // There is nobody else to tell.
            let _ = writeln!(stderr, "{called}: {problem}");
        }
    }
}

/// Asks, before the work, whether a file could be written; standard output can.
///
/// # Errors
/// If it cannot.
pub fn writable(output: Option<&Path>) -> Result<()> {
    let Some(path) = output else { return Ok(()) };
    is_writable(path).map_err(|e| Error::io("write the report", path, e))
}

/// Fails if a file could not be written, and leaves it as it is.
fn is_writable(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        // Whoever reads a pipe would take this for its end.
        Ok(there) if !there.is_file() && !there.is_dir() => Ok(()),
        Ok(_) => File::options().append(true).open(path).map(drop),
        Err(_) => match File::options().write(true).create_new(true).open(path) {
            Ok(made) => {
                drop(made);
                fs::remove_file(path)
            }
            // A link to a file that is yet to be made.
            Err(e) if e.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(e) => Err(e),
        },
    }
}

/// Writes a file beside, with this ending more, and puts it in place: whoever reads finds the old content or the new one, whole.
/// What a link leads to is replaced, and the link stays. A file that was there keeps its permissions.
///
/// # Errors
/// If it cannot be written.
pub fn replace(path: &Path, ending: &str, content: &[u8]) -> io::Result<()> {
    let path = behind_links(path);
    let mut new = path.clone().into_os_string();
    new.push(format!(".{ending}"));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(content)?;
        if let Ok(old) = fs::metadata(&path) {
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        fs::rename(&new, &path)
    });
    if written.is_err() {
        // It is of no use to anybody.
        let _ = fs::remove_file(&new);
    }
    written
}

/// Writes a file so that what was there stays until all of the new content is.
fn put(path: &Path, content: &[u8]) -> io::Result<()> {
    // A pipe or a device has nothing to lose.
    if fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return fs::write(path, content);
    }
    match replace(path, &format!("{}.new", std::process::id()), content) {
        // Nothing can be made or moved in its folder: a file that can be written is written where it lies.
        Err(e)
            if matches!(
                e.kind(),
                ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::ResourceBusy
            ) =>
        {
            fs::write(path, content)
        }
        written => written,
    }
}

/// The file that a link leads to, which may be yet to be made.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as Linux follows: links that lead in a circle cannot be written through.
    for _ in 0..40 {
        let Ok(next) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    path
}

/// Writes a report to a file, or to standard output. Text has styles, which are left out where they are not wanted.
///
/// # Errors
/// If it cannot be written.
pub fn deliver(report: Vec<u8>, is_text: bool, output: Option<&Path>, color: Color) -> Result<()> {
    if let Some(path) = output {
        let plain = if is_text { anstream::adapter::strip_bytes(&report).into_vec() } else { report };
        return put(path, &plain).map_err(|e| Error::io("write the report", path, e));
    }
    let written = if is_text {
        let mut stdout = color.stdout();
        stdout.write_all(&report).and_then(|()| stdout.flush())
    } else {
        let mut stdout = std::io::stdout().lock();
        stdout.write_all(&report).and_then(|()| stdout.flush())
    };
    match written {
        // A reader that went away (`| head`) is no failure.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Error::io("write the report", Path::new("standard output"), error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn whoever_reads_an_old_report_has_it_whole_while_a_new_one_takes_its_place() {
        let folder = std::env::temp_dir().join(format!("qadapt-output-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("report.json");
        fs::write(&path, "old").expect("an old report");
        let mut reader = File::open(&path).expect("it is there");
        deliver(b"new".to_vec(), false, Some(&path), Color::Never).expect("it is written");
        let mut read = String::new();
        reader.read_to_string(&mut read).expect("text");
        assert_eq!((read.as_str(), fs::read_to_string(&path).expect("text").as_str()), ("old", "new"));
        assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is left beside it");
        fs::remove_dir_all(folder).expect("it goes");
    }
}
