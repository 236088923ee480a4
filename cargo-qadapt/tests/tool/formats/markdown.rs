//! Markdown, read by a parser of GitHub's dialect.

use cargo_qadapt::format::name::Format;
use cargo_qadapt::format::text::region_name;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::formats::sample::{Sample, checked, hostile, hostile_checked, large, small};

/// The tables: rows of cells, the head first.
fn tables(sample: &Sample) -> Vec<Vec<Vec<String>>> {
    let text = sample.text(Format::Markdown);
    assert!(text.len() <= 65_536, "GitHub takes no more: {}", text.len());
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut tables: Vec<Vec<Vec<String>>> = Vec::new();
    let mut cell: Option<String> = None;
    for event in Parser::new_ext(&text, options) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("there is HTML: {html}"),
            Event::Start(Tag::Link { .. } | Tag::Image { .. }) => panic!("there is a link in {text}"),
            Event::Start(Tag::Table(_)) => tables.push(Vec::new()),
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                tables.last_mut().expect("a row is in a table").push(Vec::new());
            }
            Event::Start(Tag::TableCell) => cell = Some(String::new()),
            Event::End(TagEnd::TableCell) => {
                let row = tables.last_mut().and_then(|table| table.last_mut()).expect("a cell is in a row");
                row.push(cell.take().expect("it was opened"));
            }
            Event::Text(shown) | Event::Code(shown) => {
                if let Some(cell) = &mut cell {
                    cell.push_str(&shown);
                }
            }
            _ => {}
        }
    }
    tables
}

#[test]
fn tables_have_the_cells_that_are_meant() {
    let read = tables(&small("markdown-audit"));
    let [regions, sites] = read.as_slice() else { panic!("two tables: {read:?}") };
    assert_eq!(regions[1], ["tune (src/main.rs:3)", "debug", "3", "2", "1", "48", "24", "32", "51"]);
    assert_eq!(regions[4][..3], ["src/main.rs:10", "release", "not entered"]);
    let wanted = "if list.len() > 2 || list.is_empty() { list.shrink_to_fit(); }";
    assert_eq!(sites[2][..3], ["src/main.rs:6", "reallocation by vec::shrink_to_fit", wanted]);
    assert_eq!(sites[3][4..], ["about 48", "0"]);
}

#[test]
fn findings_come_first() {
    let read = tables(&checked("markdown-check"));
    assert_eq!(read[0][0], ["", "rule", "finding"]);
    assert_eq!(read[0][1][..2], ["fails", "more-than-baseline"]);
    assert_eq!(read[0][5][2], "qadapt.toml: the budget for `radio::*` matches no region.");
}

/// What is shown is exactly the region's name, whatever it is.
#[test]
fn hostile_names_stay_names() {
    let sample = hostile("markdown-hostile");
    let read = tables(&sample);
    let expected: Vec<String> = sample
        .report
        .regions
        .iter()
        .map(|region| region_name(&region.place).replace("\\|", "\\ |"))
        .collect();
    let shown: Vec<&String> = read[0][1..].iter().step_by(2).map(|row| &row[0]).collect();
    assert_eq!(shown.len(), expected.len());
    for (shown, expected) in shown.into_iter().zip(&expected) {
        assert_eq!(shown.trim(), expected.trim());
    }
    assert_eq!(read[1].len(), 1 + sample.view().lines.len());
    let checked = tables(&hostile_checked("markdown-hostile-check"));
    assert_eq!(checked[0].len(), 1 + crate::formats::sample::nasty().len());
}

#[test]
fn what_does_not_fit_is_counted() {
    let sample = large(2000);
    let read = tables(&sample);
    assert_eq!(read.len(), 1, "regions alone fill the page");
    let text = sample.text(Format::Markdown);
    let left_out = 2000 - (read[0].len() - 1);
    assert!(text.contains(&format!("\n{left_out} more rows of regions do not fit")));
    assert!(text.contains("\n2000 more rows of sites do not fit"));
}
