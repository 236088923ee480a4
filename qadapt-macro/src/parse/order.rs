//! In which order the attributes of one function stand: the first one has replaced the function before the next sees it.

use crate::model::{Attribute, Function, Refusal};
use proc_macro2::{LineColumn, Span};
use std::fs;
use syn::parse::Parser as _;

/// Refuses a function whose body is not its author's, but what an attribute for tests or for `main` has made of it: a
/// runtime, and the making of the test's arguments.
pub(super) fn check(attribute: Attribute, function: &Function) -> Result<(), Refusal> {
    // What has made an `async` body, or left it alone, runs it itself.
    if function.signature.asyncness.is_some() {
        return Ok(());
    }
    let runs = |path: &syn::Path| {
        path.segments.last().is_some_and(|last| last.ident == "main" || is_test_name(last))
    };
    let body = function.body.iter();
    // Some set the braces where the user's were.
    let spans =
        body.flat_map(|body| [Some(body.span()), body.stream().into_iter().next().map(|first| first.span())]);
    let made = spans.flatten().filter_map(maker).find(runs);
    let first = made.map(|path| path_text(&path)).or_else(|| made_test(function));
    let Some(first) = first else { return Ok(()) };
    let written = attribute.written();
    Err(Refusal::at(
        function.signature.ident.span(),
        format_args!(
            "`{first}` stands above `{written}` and has made its own part of the body: write `{written}` above it"
        ),
    ))
}

/// Refuses a second `#[test]` that has done its work already and left nothing to be seen.
pub(super) fn check_no_test_above() -> Result<(), Refusal> {
    let here = Span::call_site();
    let above = before(here).map(|text| attributes_above(&text)).unwrap_or_default();
    match above.iter().find(|above| is_test(above)) {
        None => Ok(()),
        Some(_) => Err(Refusal::at(
            here,
            "`#[test]` stands above `#[qadapt::test]`, which makes the function a test too: it would run twice, so \
             remove `#[test]`",
        )),
    }
}

/// Whether an attribute makes a function a test.
pub(super) fn is_test(attribute: &syn::Attribute) -> bool {
    attribute.path().segments.last().is_some_and(is_test_name)
}

fn is_test_name(name: &syn::PathSegment) -> bool {
    const NAMES: [&str; 7] =
        ["test", "rstest", "test_case", "test_matrix", "bench", "gtest", "wasm_bindgen_test"];
    NAMES.iter().any(|known| name.ident == known)
}

/// The attribute that has made a token, if the token stands in none of the user's files.
fn maker(span: Span) -> Option<syn::Path> {
    let text = span.source_text()?;
    let attributes = syn::Attribute::parse_outer.parse_str(&text).ok()?;
    attributes.first().map(|attribute| attribute.path().clone())
}

/// A `#[test]` that some attribute, perhaps under another name, has left: it is written as macros write it.
fn made_test(function: &Function) -> Option<String> {
    let made = function.attributes.iter().find(|attribute| {
        let segments = &attribute.path().segments;
        let root = segments.first().filter(|_| segments.len() > 1);
        is_test(attribute) && root.is_some_and(|root| root.ident == "core" || root.ident == "std")
    })?;
    let maker = made.path().segments.last().and_then(|last| maker(last.ident.span()));
    Some(maker.map_or_else(|| "another test attribute".to_owned(), |path| path_text(&path)))
}

fn path_text(path: &syn::Path) -> String {
    let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    format!("#[{}]", names.join("::"))
}

/// The text of the user's file before a token; none where the compiler does not say where that is.
fn before(span: Span) -> Option<String> {
    let text = fs::read_to_string(span.local_file()?).ok()?;
    let LineColumn { line, column } = span.start();
    let mut lines = text.split_inclusive('\n');
    let mut before: String = lines.by_ref().take(line.checked_sub(1)?).collect();
    before.extend(lines.next()?.chars().take(column));
    Some(before)
}

/// The attributes at the end of a text, the last first, over comments.
fn attributes_above(mut text: &str) -> Vec<syn::Attribute> {
    let mut found = Vec::new();
    loop {
        text = text.trim_end();
        let line = text.rfind('\n').map_or(0, |end| end + 1);
        if text[line..].trim_start().starts_with("//") {
            text = &text[..line];
            continue;
        }
        // A bracket inside the attribute may look like its beginning.
        let starts = text.rmatch_indices("#[").map(|(start, _)| start).take(8);
        let whole = starts.filter(|_| text.ends_with(']')).find_map(|start| {
            let mut attributes = syn::Attribute::parse_outer.parse_str(&text[start..]).ok()?;
            (attributes.len() == 1).then(|| attributes.pop().map(|attribute| (start, attribute)))?
        });
        let Some((start, attribute)) = whole else { return found };
        found.push(attribute);
        text = &text[..start];
    }
}

#[cfg(test)]
mod tests {
    use super::attributes_above;
    use quote::ToTokens as _;

    #[test]
    fn attributes_are_found_over_comments_and_each_other() {
        for (text, expected) in [
            ("", &[][..]),
            ("fn f() {}\n#[test]\n", &["# [test]"]),
            (
                "#[a]\nfn f() {}\n#[test]\n// why\n\n/// What.\n#[b(\"x]\", [#[c] d])] ",
                &["# [b (\"x]\" , [# [c] d])]", "# [test]"],
            ),
            ("#[test] #[ignore = \"#[x]\"]", &["# [ignore = \"#[x]\"]", "# [test]"]),
            ("let x = y[#[test] 0]", &[]),
            ("x[1]", &[]),
            ("#[é]", &["# [é]"]),
            ("cfg_attr(x,", &[]),
        ] {
            let found: Vec<String> =
                attributes_above(text).iter().map(|found| found.to_token_stream().to_string()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }
}
