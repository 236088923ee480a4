//! Each format as it is written down.

use cargo_qadapt::format::name::Format;

use crate::formats::sample::{checked, small};
use crate::golden;

const FORMATS: [(Format, &str); 8] = [
    (Format::Text, "txt"),
    (Format::Sarif, "sarif"),
    (Format::Junit, "xml"),
    (Format::Github, "github"),
    (Format::Markdown, "md"),
    (Format::Dhat, "dhat.json"),
    (Format::Folded, "folded"),
    (Format::Pprof, "pprof.txt"),
];

#[test]
fn every_format_is_as_written_down() {
    for (name, sample) in [("audit", small("golden-audit")), ("check", checked("golden-check"))] {
        for (format, extension) in FORMATS {
            // Stacks do not know checks.
            if name == "check" && matches!(format, Format::Dhat | Format::Folded | Format::Pprof) {
                continue;
            }
            let shown = readable(format, &sample.render(format));
            golden::assert(&format!("formats/{name}.{extension}"), &shown);
        }
    }
}

/// The format in lines that a person can compare.
fn readable(format: Format, rendered: &[u8]) -> String {
    match format {
        Format::Text => {
            anstream::adapter::strip_str(std::str::from_utf8(rendered).expect("it is UTF-8")).to_string()
        }
        Format::Sarif | Format::Dhat => {
            let json: serde_json::Value = serde_json::from_slice(rendered).expect("it is JSON");
            format!("{json:#}\n").replace(&format!("\"{}\"", env!("CARGO_PKG_VERSION")), "\"VERSION\"")
        }
        Format::Pprof => crate::formats::pprof::readable(rendered),
        _ => String::from_utf8(rendered.to_vec()).expect("it is UTF-8"),
    }
}
