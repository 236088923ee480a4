//! A regression in each of the bundled examples is caught, and named at its line in every format that has lines.

use std::path::Path;

use serde_json::Value;

use crate::check::copy::{Copy, copy};
use crate::turn;

/// An example, a line of it after which a regression is planted, and the regression.
struct Plant {
    example: &'static str,
    file: &'static str,
    after: &'static str,
    regression: &'static str,
    /// Examples that only count have no protected region: there the whole program is one.
    arguments: &'static [&'static str],
}

/// Examples that have none: one is about waiting, and does nothing without arguments; one serves until it is ended.
const WITHOUT: [&str; 2] = ["no_waiting", "service"];

/// This one is a package of its own.
const QUICKSTART: &str = "quickstart";

const PLANTS: [Plant; 10] = [
    Plant {
        example: QUICKSTART,
        file: "examples/quickstart/src/main.rs",
        after: "    history.push(price);",
        regression: "std::hint::black_box(format!(\"{price}\"));",
        arguments: &[],
    },
    Plant {
        example: "audio_callback",
        file: "examples/src/audio/callback.rs",
        after: "        self.gate.process(block);",
        regression: "std::hint::black_box(block.to_vec());",
        arguments: &[],
    },
    Plant {
        example: "order_book",
        file: "examples/src/book/preallocated.rs",
        after: "        let event = Event::parse(line)?;",
        regression: "std::hint::black_box(line.to_owned());",
        arguments: &[],
    },
    Plant {
        example: "trivia",
        file: "examples/src/trivia.rs",
        after: "    let mut vec = Vec::new();",
        regression: "black_box(Box::new([0_u8; 40]));",
        arguments: &["--whole-program"],
    },
    Plant {
        example: "async_pipeline",
        file: "examples/async_pipeline.rs",
        after: "        paid += price * quantity;",
        regression: "std::hint::black_box(vec![price]);",
        arguments: &[],
    },
    Plant {
        example: "dyn_async",
        file: "examples/dyn_async.rs",
        after: "    Pause::default().await;",
        regression: "black_box(vec![key]);",
        arguments: &["--whole-program"],
    },
    Plant {
        example: "server",
        file: "examples/server.rs",
        after: "    let (mut shares, mut paid) = (0, 0);",
        regression: "std::hint::black_box(vec![shares]);",
        arguments: &[],
    },
    Plant {
        example: "packet_service",
        file: "examples/src/packets/service.rs",
        after: "        let Some((request, from)) = self.queue().pop_front()",
        regression: "std::hint::black_box(request.to_vec());",
        arguments: &[],
    },
    Plant {
        example: "pinned",
        file: "examples/pinned.rs",
        after: "    let samples = black_box([0.25_f32; 64]);",
        regression: "black_box(samples.to_vec());",
        arguments: &[],
    },
    Plant {
        example: "zero_alloc_test",
        file: "examples/src/varint.rs",
        after: "    let mut number = 0;",
        regression: "std::hint::black_box(bytes.to_vec());",
        arguments: &["--whole-program"],
    },
];

/// The workspace with the examples alone.
fn examples() -> Copy {
    let repository =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the package lies in the workspace");
    let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("check/examples");
    let _ = std::fs::remove_dir_all(&root);
    copy(&repository.join("examples"), &root.join("examples"));
    // Some formats give paths from the repository's root: here that is the copy's, wherever tests are built.
    std::fs::create_dir(root.join(".git")).expect("the folder can be made");
    std::fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock")).expect("there is a lock file");
    let manifest = std::fs::read_to_string(repository.join("Cargo.toml")).expect("there is a manifest");
    let manifest: String = manifest
        .lines()
        .filter(|line| !line.starts_with("exclude"))
        .map(|line| {
            if line.starts_with("members") {
                "members = [\"examples\", \"examples/quickstart\"]"
            } else {
                line
            }
        })
        .map(|line| line.replace("path = \"", &format!("path = \"{}/", repository.display())) + "\n")
        .collect();
    let workspace = Copy { root };
    workspace.write("Cargo.toml", &manifest);
    workspace
}

fn check(workspace: &Copy, plant: &Plant, more: &[&str]) -> crate::check::copy::Run {
    let target: &[&str] = if plant.example == QUICKSTART {
        &[QUICKSTART]
    } else {
        &["qadapt-examples", "--example", plant.example]
    };
    let _turn = turn::with_examples();
    let what = ["check", "--profile", "debug", "-p"];
    workspace.qadapt(&[&what, target, plant.arguments, more].concat())
}

#[test]
fn a_regression_in_each_is_named_at_its_line() {
    let workspace = examples();
    let manifest = workspace.read("examples/Cargo.toml");
    assert_eq!(
        manifest.matches("[[example]]").count(),
        PLANTS.len() - 1 + WITHOUT.len(),
        "each example has a regression here"
    );
    for plant in &PLANTS {
        check(&workspace, plant, &["--bless"]).assert(0, &[]);
        // How often their tasks free something, and what is made late, depends on the network.
        if !["server", "packet_service"].contains(&plant.example) {
            check(&workspace, plant, &[]).assert(0, &["check passed: 0 failures, 0 notes"]);
        }
    }
    for plant in &PLANTS {
        let source = workspace.read(plant.file);
        let line = source.lines().find(|line| line.starts_with(plant.after)).expect(plant.after);
        workspace.edit(plant.file, line, &format!("{line}\n    {} // planted", plant.regression));
    }
    for plant in &PLANTS {
        let line = workspace.line(plant.file, "// planted");
        for (format, named) in FORMATS {
            let run = check(&workspace, plant, &["--format", format]);
            run.assert(1, &[]);
            assert!(
                named(&run.stdout, plant.file, line),
                "{}:{line} is not named in {format} of {}:\n{}\n{}",
                plant.file,
                plant.example,
                run.stdout,
                run.stderr
            );
        }
    }
}

/// Whether a report says that the check fails because of a line.
type Named = fn(&str, &str, usize) -> bool;

const FORMATS: [(&str, Named); 7] = [
    ("text", in_text),
    ("json", in_json),
    ("sarif", in_sarif),
    ("junit", in_junit),
    ("github", in_github),
    ("markdown", in_markdown),
    ("html", in_html),
];

/// The line follows an error.
fn in_text(report: &str, file: &str, line: usize) -> bool {
    let findings = report.split("\nnote[").next().unwrap_or_default();
    findings.contains("error[more-than-baseline]") && findings.contains(&format!("\n  {file}:{line}\n"))
}

/// A failure has the line.
fn in_json(report: &str, file: &str, line: usize) -> bool {
    let report: Value = serde_json::from_str(report).expect("JSON");
    let is_line = |index: &Value| {
        let found =
            &report["lines"][usize::try_from(index.as_u64().expect("an index")).expect("it is small")];
        found["line"] == line && found["file"] == file
    };
    let findings = report["findings"].as_array().expect("there are findings");
    let failures = findings.iter().filter(|finding| finding["rule"] == "more-than-baseline");
    failures
        .into_iter()
        .any(|finding| finding["lines"].as_array().is_some_and(|lines| lines.iter().any(is_line)))
}

/// A result of the rule has the line as its primary location.
fn in_sarif(report: &str, file: &str, line: usize) -> bool {
    let log: Value = serde_json::from_str(report).expect("JSON");
    let results = log["runs"][0]["results"].as_array().expect("there are results");
    results.iter().any(|result| {
        let place = &result["locations"][0]["physicalLocation"];
        result["ruleId"] == "more-than-baseline"
            && result["level"] == "error"
            && place["artifactLocation"]["uri"] == file
            && place["region"]["startLine"] == line
    })
}

/// A case fails, and says why in its text.
fn in_junit(report: &str, file: &str, line: usize) -> bool {
    let failures = report.split("<failure ").skip(1).filter_map(|rest| rest.split("</failure>").next());
    failures.into_iter().any(|failure| {
        failure.contains("type=\"more-than-baseline\"") && failure.contains(&format!("\nat {file}:{line}: "))
    })
}

fn in_github(report: &str, file: &str, line: usize) -> bool {
    report.lines().any(|command| command.starts_with(&format!("::error file={file},line={line},")))
}

fn in_markdown(report: &str, file: &str, line: usize) -> bool {
    report.contains("more-than-baseline") && report.contains(&format!("{file}:{line}"))
}

/// A failure in the page's data has the line.
fn in_html(report: &str, file: &str, line: usize) -> bool {
    let data = report.split_once("<script id=\"data\" type=\"application/json\">").expect("there is data").1;
    let data: Value = serde_json::from_str(data.split("</script>").next().unwrap_or_default()).expect("JSON");
    let text = |number: &Value| data["strings"][usize::try_from(number.as_u64()?).ok()?].as_str();
    let is_line = |index: &Value| {
        let found = &data["lines"][usize::try_from(index.as_u64().expect("an index")).expect("it is small")];
        found["line"] == line && text(&found["file"]) == Some(file)
    };
    let findings = data["findings"].as_array().expect("there are findings");
    findings
        .iter()
        .filter(|finding| finding["is_failure"] == true && finding["rule"] == "more-than-baseline")
        .any(|finding| finding["lines"].as_array().is_some_and(|lines| lines.iter().any(is_line)))
}
