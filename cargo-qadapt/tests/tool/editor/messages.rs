//! The messages, read with the types of those who read cargo's.

use cargo_metadata::Message;
use cargo_metadata::diagnostic::{Diagnostic, DiagnosticLevel};

use crate::editor::project::{Project, Run};

const SHOW: [&str; 3] = ["audit", "--format", "rustc-json"];

/// All messages; cargo's end must be the last one.
#[track_caller]
fn messages(run: &Run) -> Vec<Message> {
    let read = Message::parse_stream(run.stdout.as_bytes());
    let messages: Vec<Message> = read.map(|message| message.expect("it is a message")).collect();
    assert!(matches!(messages.last(), Some(Message::BuildFinished(_))), "{}\n{}", run.stdout, run.stderr);
    let is_text = |message: &Message| matches!(message, Message::TextLine(_));
    assert!(!messages.iter().any(is_text), "{}", run.stdout);
    messages
}

/// The findings, with the names of package and target.
fn findings(run: &Run) -> Vec<(String, String, Diagnostic)> {
    let found = messages(run).into_iter().filter_map(|message| match message {
        Message::CompilerMessage(message)
            if message.message.code.as_ref().is_some_and(|code| code.code.starts_with("qadapt::")) =>
        {
            Some((message.package_id.repr, message.target.name, message.message))
        }
        _ => None,
    });
    found.collect()
}

/// As on a full disk: nothing can be put where they are.
#[test]
fn findings_that_cannot_be_kept_cost_no_report() {
    let project = Project::new("unkept");
    let kept = project.findings().join("audit.json");
    for (verb, report) in
        [(&["audit"][..], "radio::tune (src/main.rs:5)"), (&["check", "--bless"], "check passed: 0 failures")]
    {
        std::fs::create_dir_all(kept.join("in-the-way")).expect("the folder can be made");
        let run = project.qadapt(&[verb, &["--profile", "debug"]].concat());
        std::fs::remove_dir_all(&kept).expect("it is a folder still");
        assert_eq!(run.code, Some(i32::from(verb == ["audit"])), "{}", run.stderr);
        assert!(run.stdout.contains(report), "{}", run.stdout);
        assert!(run.stderr.contains("warning: could not write the findings `"), "{}", run.stderr);
        assert!(run.stderr.contains("shows what an earlier run found"), "{}", run.stderr);
    }
    let folder = kept.parent().expect("a folder");
    let names =
        std::fs::read_dir(folder).expect("it is there").map(|entry| entry.expect("an entry").file_name());
    assert!(
        !names.into_iter().any(|name| name.to_string_lossy().starts_with("audit.json")),
        "nothing is left beside"
    );
}

/// A file that somebody reads, or that was no longer written to the end, stays as it was.
#[cfg(unix)]
#[test]
fn new_findings_are_put_in_place_of_the_old_ones() {
    let project = Project::new("replaced");
    let kept = project.findings().join("audit.json");
    std::fs::create_dir_all(kept.parent().expect("a folder")).expect("the folder can be made");
    std::fs::write(&kept, "old").expect("it can be written");
    let mut read = std::fs::File::open(&kept).expect("it is there");
    let audit = project.qadapt(&["audit", "--profile", "debug"]);
    assert_eq!(audit.code, Some(1), "{}", audit.stderr);
    let mut old = String::new();
    std::io::Read::read_to_string(&mut read, &mut old).expect("it is text");
    assert_eq!(old, "old");
    assert_ne!(std::fs::read(&kept).expect("it is there"), b"old");
}

#[test]
fn the_last_runs_findings_follow_the_compilers_messages() {
    let project = Project::new("messages");
    for verb in ["audit", "check", "prove"] {
        let refused = project.qadapt(&[verb, "--format", "rustc-json", "--output", "messages.json"]);
        assert_eq!((refused.code, &*refused.stdout), (Some(2), ""), "{}", refused.stderr);
        assert!(refused.stderr.contains("leave out --output"), "{}", refused.stderr);
    }
    let nothing = project.qadapt(&SHOW);
    assert_eq!(nothing.code, Some(0), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("there are no findings to show"), "{}", nothing.stderr);
    assert_eq!(findings(&nothing), []);

    let audit = project.qadapt(&["audit", "--profile", "debug"]);
    assert_eq!(audit.code, Some(1), "{}", audit.stderr);
    let shown = project.qadapt(&SHOW);
    assert_eq!(shown.code, Some(1), "{}", shown.stderr);
    let passed_on = messages(&shown).into_iter().any(|message| {
        matches!(message, Message::CompilerMessage(message) if message.message.message.contains("unused variable: `unused`"))
    });
    assert!(passed_on, "{}", shown.stdout);
    let found = findings(&shown);
    let [(package, target, message)] = &found[..] else { panic!("not one finding: {found:#?}") };
    assert!(package.contains("parts") && target == "radio_parts", "{package} {target}");
    assert_eq!(message.level, DiagnosticLevel::Warning);
    assert_eq!(message.code.as_ref().expect("a code").code, "qadapt::allocation");
    assert!(
        message.message.starts_with(
            "allocation by boxed::new in region radio::tune (src/main.rs:5): debug: once, 4 bytes"
        ),
        "{}",
        message.message
    );
    let [at, region] = &message.spans[..] else { panic!("not two places: {:#?}", message.spans) };
    assert!(at.is_primary && !region.is_primary);
    assert_eq!((at.file_name.as_str(), at.line_start, at.line_end), ("parts/src/lib.rs", 6, 6));
    // Columns are characters, and places in the file bytes.
    assert_eq!((at.column_start, at.column_end), (30, 44));
    let source = project.read("parts/src/lib.rs");
    assert_eq!(&source[at.byte_start as usize..at.byte_end as usize], "Box::new(wide)");
    assert_eq!((at.text[0].highlight_start, at.text[0].highlight_end), (30, 44));
    assert_eq!((region.file_name.as_str(), region.line_start), ("src/main.rs", 5));
    assert_eq!(region.label.as_deref(), Some("the region radio::tune is opened here"));
    let [help] = &message.children[..] else { panic!("no advice: {message:#?}") };
    assert_eq!(help.level, DiagnosticLevel::Help);
    assert!(message.rendered.as_ref().expect("it is rendered").contains("= help: "), "{message:#?}");

    // Lines move, and with them what is said of them.
    project.write("parts/src/lib.rs", &format!("//! New.\n{source}"));
    let moved = findings(&project.qadapt(&SHOW));
    assert_eq!(moved[0].2.spans[0].line_start, 7);
    // What is not there any more has no place.
    project.write("parts/src/lib.rs", &source.replace("wide", "other"));
    let gone = project.qadapt(&SHOW);
    assert_eq!((gone.code, findings(&gone)), (Some(0), Vec::new()));
    assert!(gone.stderr.contains("1 finding is not shown"), "{}", gone.stderr);

    // What does not compile is cargo's to say.
    project.write("parts/src/lib.rs", "not Rust");
    let broken = project.qadapt(&SHOW);
    assert_eq!(broken.code, Some(2), "{}", broken.stderr);
    assert!(broken.stdout.contains("compiler-message"), "{}", broken.stdout);
}

/// Both are built in one folder, as with a `CARGO_TARGET_DIR` for all projects.
#[test]
fn another_workspaces_findings_are_not_shown() {
    let (found, only) = (Project::new("found"), ["--format", "rustc-json"]);
    let audit = found.qadapt(&["audit", "--profile", "debug"]);
    assert_eq!(audit.code, Some(1), "{}", audit.stderr);
    assert!(found.findings().join("audit.json").is_file());
    let target = found.target();
    drop(found);
    let other = Project::new("other");
    assert_eq!(other.target(), target);
    for verb in ["audit", "prove"] {
        let shown = other.qadapt(&[&[verb][..], &only].concat());
        assert_eq!((shown.code, findings(&shown)), (Some(0), Vec::new()), "{}", shown.stderr);
        assert!(shown.stderr.contains("there are no findings to show"), "{}", shown.stderr);
    }
}

#[test]
fn a_proofs_findings_are_shown_too() {
    let project = Project::new("proofs");
    let proof = project.qadapt(&["prove", "--profile", "release"]);
    assert_eq!(proof.code, Some(1), "{}{}", proof.stdout, proof.stderr);
    let shown = project.qadapt(&["prove", "--format", "rustc-json"]);
    let found = findings(&shown);
    let [(_, target, message)] = &found[..] else { panic!("not one finding: {found:#?}\n{}", proof.stdout) };
    assert_eq!((shown.code, target.as_str()), (Some(1), "radio_parts"));
    assert_eq!(message.code.as_ref().expect("a code").code, "qadapt::allocates");
    assert_eq!((message.spans[0].file_name.as_str(), message.spans[0].line_start), ("parts/src/lib.rs", 6));
}
