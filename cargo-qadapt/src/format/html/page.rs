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

/// One module, in the order of use.
const SCRIPT: &str = concat!(
    include_str!("script/element.js"),
    include_str!("script/data.js"),
    include_str!("script/filter.js"),
    include_str!("script/pager.js"),
    include_str!("script/site.js"),
    include_str!("script/overview.js"),
    include_str!("script/source.js"),
    include_str!("script/regions.js"),
    include_str!("script/flame.js"),
    include_str!("script/page.js"),
);

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
            (true, other) => return Err(Error::Usage(format!("the page has no place `{other}`"))),
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
    use super::*;

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
}
