//! The page.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::super::view::View;
use super::data::write_data;
use super::plain::plain;
use crate::error::{Error, Result};

const TEMPLATE: &str = include_str!("page.html");

const STYLE: &str = concat!(include_str!("style/page.css"), include_str!("style/parts.css"));

/// The modules of `script/` in one file, which `npm run bundle` in `front/` makes: a page that is opened from a disk cannot import.
const SCRIPT: &str = include_str!("page.bundle.js");

/// The report as a page.
///
/// # Errors
/// If a graph cannot be drawn, or the data cannot be written.
pub fn html(view: &View<'_>) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    // What is put in is never searched for a place to put something.
    for (index, piece) in TEMPLATE.split("@@").enumerate() {
        match (index % 2 == 1, piece) {
            (false, text) | (true, text @ "") => page.extend_from_slice(text.as_bytes()),
            (true, "STYLE") => page.extend_from_slice(STYLE.as_bytes()),
            (true, "SCRIPT") => page.extend_from_slice(SCRIPT.as_bytes()),
            (true, "STYLE HASH") => page.extend_from_slice(hash(STYLE).as_bytes()),
            (true, "SCRIPT HASH") => page.extend_from_slice(hash(SCRIPT).as_bytes()),
            (true, "PLAIN") => page.extend_from_slice(plain(view).as_bytes()),
            (true, "DATA") => write_data(view, &mut page)?,
            (true, other) => {
                return Err(Error::write("write the page")(format!("its template has no place `{other}`")));
            }
        }
    }
    Ok(page)
}

/// A source expression of a content security policy: what has this hash may run, nothing else may.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::report::figures::Report;

    #[test]
    fn the_script_makes_no_html_of_texts() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "Function(",
            "srcdoc",
            "fetch(",
        ] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
        assert!(!SCRIPT.contains("</script") && !SCRIPT.contains("<!--") && !STYLE.contains("</style"));
    }

    #[test]
    fn the_page_has_the_bundle_and_its_hash() {
        let report = Report::default();
        let page = html(&View::new(&report, Path::new("/nowhere"))).expect("it can be made");
        let page = String::from_utf8(page).expect("UTF-8");
        let (_, script) = page.split_once("<script type=\"module\">").expect("a module");
        let (script, _) = script.split_once("</script>").expect("its end");
        assert!(script == include_str!("page.bundle.js") && script.len() > 10_000, "{} bytes", script.len());
        assert!(page.contains(&format!("script-src {};", hash(script))));
        // Nothing that would have to be loaded.
        for word in ["import{", "import*", "import\"", "import(", "export{", "export*"] {
            assert!(!script.contains(word), "{word}");
        }
    }

    #[test]
    fn imports_of_the_script_run_one_way_and_come_to_every_module() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/format/html/script");
        let mut imports: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for file in std::fs::read_dir(&folder).expect("the folder is there") {
            let file = file.expect("it can be read");
            let text = std::fs::read_to_string(file.path()).expect("it is text");
            let from = |line: &str| Some(line.split_once(" from \"./")?.1.strip_suffix("\";")?.to_owned());
            let imported = text.lines().filter_map(from).collect();
            imports.insert(file.file_name().into_string().expect("its name is text"), imported);
        }
        let mut left: Vec<String> = imports.keys().cloned().collect();
        let mut entries = left.clone();
        entries.retain(|file| !imports.values().flatten().any(|imported| imported == file));
        assert_eq!(entries, ["page.js"], "what nothing imports");
        // Whatever imports nothing that is left is taken away, until nothing is left, or what is in a circle.
        while let Some(index) =
            left.iter().position(|file| !imports[file].iter().any(|imported| left.contains(imported)))
        {
            left.remove(index);
        }
        assert_eq!(left, [""; 0], "files that import each other, and what imports those");
    }
}
