//! The line that stands for an event, where own functions or other packages ask for the memory.

use crate::check::copy::Copy;

impl Copy {
    /// Audits the program and asserts that the region `fill` allocates at the line that has one text, and that the other's
    /// is said to be inside, if there is one.
    #[track_caller]
    fn assert_site(&self, line: &str, inside: Option<(&str, &str)>) {
        let (file, number) = ("meter/src/lib.rs", self.line("meter/src/lib.rs", line));
        let run = self.qadapt(&["audit", "-p", "meter", "--bin", "meter"]);
        let by = inside.map_or_else(
            || "boxed::new".to_owned(),
            |(file, text)| format!("my_keep, in {file}:{}", self.line(file, text)),
        );
        run.assert(1, &[&format!("  {file}:{number}  [both]\n      | {line}\n      allocation by {by}\n")]);
    }
}

#[test]
fn wrappers_stand_for_their_callers() {
    let copy = Copy::new("wrappers");
    copy.edit("meter/src/lib.rs", "drop(black_box(Box::new(step)));\n        }", "my_keep(step);\n        }");
    copy.edit(
        "meter/src/lib.rs",
        "/// Allocates as often",
        "#[inline(never)]\nfn my_keep(step: u64) {\n    let kept = Box::new(step);\n    drop(black_box(kept));\n}\n\n/// Allocates as often",
    );
    copy.assert_site("let kept = Box::new(step);", None);
    copy.write("qadapt.toml", "[sites]\nthrough = [\"*::my_keep\"]\n");
    let inside = Some(("meter/src/lib.rs", "let kept"));
    copy.assert_site("my_keep(step);", inside);
    copy.write("qadapt.toml", "");
    copy.edit("meter/src/lib.rs", "#[inline(never)]\nfn my_keep", "#[track_caller]\nfn my_keep");
    copy.assert_site("my_keep(step);", inside);
}

#[test]
fn whose_code_is_own_is_a_setting() {
    let copy = Copy::new("whose/workspace");
    std::fs::create_dir_all(copy.root.join("../keeper/src")).expect("the folder can be made");
    copy.write(
        "../keeper/Cargo.toml",
        "[package]\nname = \"keeper\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n",
    );
    copy.write(
        "../keeper/src/lib.rs",
        "#[inline(never)]\npub fn keep(step: u64) {\n    let kept = Box::new(step);\n    drop(std::hint::black_box(kept));\n}\n",
    );
    copy.edit(
        "meter/Cargo.toml",
        "[dependencies]\n",
        "[dependencies]\nkeeper = { path = \"../../keeper\" }\n",
    );
    copy.edit(
        "meter/src/lib.rs",
        "drop(black_box(Box::new(step)));\n        }",
        "keeper::keep(step);\n        }",
    );
    let keeper =
        "keeper/src/lib.rs:3  [both]\n      | let kept = Box::new(step);\n      allocation by boxed::new\n";
    copy.qadapt(&["audit", "-p", "meter", "--bin", "meter"]).assert(1, &[keeper]);
    copy.write("qadapt.toml", "[sites]\nown = [\"workspace\"]\n");
    let line = copy.line("meter/src/lib.rs", "keeper::keep(step);");
    let run = copy.qadapt(&["audit", "-p", "meter", "--bin", "meter"]);
    run.assert(
        1,
        &[&format!("meter/src/lib.rs:{line}  [both]\n"), "allocation by keep, in ", "keeper/src/lib.rs:3\n"],
    );
    copy.write("qadapt.toml", "[sites]\nown = [\"workspace\", \"keeper\"]\n");
    copy.qadapt(&["audit", "-p", "meter", "--bin", "meter"]).assert(1, &[keeper]);
}
