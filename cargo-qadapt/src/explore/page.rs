//! The files of the page, which are in this command.

const PAGE: &str = include_str!("page/page.html");

const STYLE: &str = concat!(include_str!("../format/html/style/page.css"), include_str!("page/style.css"));

/// A file of the page and its media type; none if there is none of that name.
#[must_use]
pub fn file(name: &str) -> Option<(&'static str, &'static str)> {
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    Some(match name {
        "style.css" => ("text/css; charset=utf-8", STYLE),
        "editor.bundle.js" => (SCRIPT, include_str!("page/editor.bundle.js")),
        "main.js" => (SCRIPT, include_str!("page/main.js")),
        "answer.js" => (SCRIPT, include_str!("page/answer.js")),
        "calls.js" => (SCRIPT, include_str!("page/calls.js")),
        "element.js" => (SCRIPT, include_str!("page/element.js")),
        "files.js" => (SCRIPT, include_str!("page/files.js")),
        "gutter.js" => (SCRIPT, include_str!("page/gutter.js")),
        "share.js" => (SCRIPT, include_str!("page/share.js")),
        "stream.js" => (SCRIPT, include_str!("page/stream.js")),
        _ => return None,
    })
}

/// The page, for whose styles the editor needs a number used once.
#[must_use]
pub fn page(nonce: &str) -> String {
    PAGE.replace("@@NONCE@@", nonce)
}

/// What a browser may do with it.
#[must_use]
pub fn policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src data:; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
