//! The tables of cargo's configuration: of `--config`, of `config.toml` from the current folder upwards and in cargo's home, each
//! before those of the files that it includes.

use std::env;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A key that marks the tables that come from the command line.
pub(crate) const ARGUMENT: &str = "qadapt-argument";

/// All tables, the strongest first. Files that cannot be read or make no sense are cargo's to complain about.
pub(crate) fn tables(arguments: &[String]) -> Vec<Table> {
    let here = env::current_dir().unwrap_or_default();
    // The last one is the strongest.
    let mut tables: Vec<Table> = arguments.iter().rev().flat_map(|text| from_argument(text, &here)).collect();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let folders = here.ancestors().map(|folder| folder.join(".cargo")).chain(home);
    for folder in folders {
        let files = ["config", "config.toml"].map(|name| folder.join(name));
        let read = files.iter().map(|file| with_included(file, &[])).find(|tables| !tables.is_empty());
        tables.extend(read.into_iter().flatten());
    }
    tables
}

/// A file of TOML.
pub(crate) fn read(path: &Path) -> Option<Table> {
    std::fs::read_to_string(path).ok()?.parse().ok()
}

/// A setting, or a file of them; with what it includes, which is as strong.
fn from_argument(text: &str, here: &Path) -> Vec<Table> {
    let mut tables = match text.parse::<Table>() {
        Ok(table) => followed(table, here, &[]),
        Err(_) => with_included(&here.join(text), &[]),
    };
    for table in &mut tables {
        table.insert(ARGUMENT.to_owned(), Value::Boolean(true));
    }
    tables
}

/// What a file of cargo's configuration says, and below it what the files say that it includes; nothing if it cannot be read.
/// `by` are those by which it is included.
fn with_included(file: &Path, by: &[&Path]) -> Vec<Table> {
    // A circle is cargo's to complain about.
    let table = read(file).filter(|_| !by.contains(&file));
    let folder = file.parent().unwrap_or(Path::new(""));
    table.map_or_else(Vec::new, |table| followed(table, folder, &[by, &[file]].concat()))
}

/// A table, and below it those of the files that it includes, of which the last one is the strongest.
fn followed(table: Table, folder: &Path, by: &[&Path]) -> Vec<Table> {
    let path = |entry: &Value| Some(folder.join(entry.as_str().or_else(|| entry.get("path")?.as_str())?));
    let files: Vec<PathBuf> =
        table.get("include").and_then(Value::as_array).into_iter().flatten().filter_map(path).collect();
    let mut tables = vec![table];
    tables.extend(files.iter().rev().flat_map(|file| with_included(file, by)));
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_stronger_than_what_it_includes() {
        let folder = env::temp_dir().join(format!("qadapt-settings-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("below")).expect("a folder");
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("it is written");
        let included = "include = [\"one.toml\", { path = \"below/two.toml\" }, { path = \"gone.toml\", optional = true }]";
        write("own.toml", &format!("{included}\nname = \"own\""));
        write("one.toml", "name = \"one\"");
        // Its paths begin at its own folder.
        write("below/two.toml", "include = [\"three.toml\"]\nname = \"two\"");
        write("below/three.toml", "include = [\"two.toml\"]\nname = \"three\"");
        let read = with_included(&folder.join("own.toml"), &[]);
        let names: Vec<&str> = read.iter().filter_map(|table| table.get("name")?.as_str()).collect();
        assert_eq!(names, ["own", "two", "three", "one"]);
        // Arguments include from the current folder, and are stronger than variables with all of that.
        for argument in [included, "own.toml"] {
            let read = from_argument(argument, &folder);
            assert!(read.len() > 3 && read.iter().all(|table| table.contains_key(ARGUMENT)), "{argument}");
        }
        std::fs::remove_dir_all(folder).expect("it can be removed");
    }
}
