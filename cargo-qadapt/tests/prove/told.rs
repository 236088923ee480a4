//! How verdicts are told: under which names, and by which lines.

use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};
use serde_json::Value;

use crate::labelled::program;
use crate::programs::{folder, prove};

#[test]
fn functions_of_std_that_share_a_regions_code_are_counted_not_listed() {
    const NOTHING: &str = "
        #[inline(never)]
        fn nothing() { __qadapt_region(|| ()) }
    ";
    let plain = ("plain".to_owned(), "nothing(); x + black_box(1)".to_owned());
    let flags = ["-Copt-level=2", "-Clink-arg=-Wl,--icf=all"];
    let file = program("icf", NOTHING, &[plain], &flags);
    let rules = Rules { allow_frees: false, gaps: 3 };
    let proof = prove_file(&file, Which::Marked, rules, &Settings::default(), None).expect("a proof");
    let found: Vec<_> = proof.verdicts.iter().map(|v| (v.region.as_str(), v.answer)).collect();
    assert!(
        found.iter().all(|(region, answer)| region.starts_with("icf::") && *answer == Answer::Proven),
        "{found:?}"
    );
    let nothing = proof.verdicts.iter().find(|v| v.region.starts_with("icf::nothing")).expect("it is listed");
    // Each program has `__rust_no_alloc_shim_is_unstable_v2`, which does nothing.
    assert!(nothing.shared_by > 0, "{nothing:?}");
    let (_, said) = prove(&folder("icf"), &["--binary", "icf"]);
    assert!(said.contains("PROVEN  icf::nothing") && said.contains(", code of "), "{said}");
}

#[test]
fn each_line_of_a_path_is_printed_once() {
    let region = ("region".to_owned(), "__qadapt_region(|| boxes(x, 1, 2) as u64)".to_owned());
    program("lines", "", &[region], &["-Copt-level=2"]);
    let (_, said) = prove(&folder("lines"), &["--binary", "lines"]);
    let (_, path) = said.split_once("    allocates:\n").unwrap_or_else(|| panic!("{said}"));
    let lines: Vec<&str> = path.lines().map(str::trim).take_while(|line| !line.starts_with("->")).collect();
    let own: Vec<&str> = lines
        .iter()
        .map(|line| line.trim_start_matches("at "))
        .filter(|line| line.starts_with("lines.rs:"))
        .collect();
    let boxes = own.iter().filter(|line| line.ends_with("boxes")).count();
    assert!(own.len() > 1 && boxes == 1, "{said}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("at ")).count(), 1, "{said}");
}

#[test]
fn what_could_not_be_resolved_is_listed_as_far_as_is_asked() {
    let calls = ["black_box(halves as extern \"C\" fn(u64) -> u64)(x)"; 3].join("\n ^ ");
    let regions = [("pointed", calls.clone()), ("boxed", format!("boxes(x, 1, 2) as u64 ^ {calls}"))];
    program("gaps", "", &regions.map(|(name, body)| (name.to_owned(), body)), &["-Copt-level=2"]);
    let asked = |format: &str, gaps: &[&str]| {
        let arguments = ["--binary", "gaps", "--function", "^gaps::(boxed|pointed)$", "--format", format];
        let (code, said) = prove(&folder("gaps"), &[&arguments[..], gaps].concat());
        assert_eq!(code, Some(1), "{said}");
        said
    };
    let most = usize::MAX.to_string();
    for (gaps, listed, besides, more) in [
        (&["--gaps", "0"][..], 0, "some calls could not be resolved: --gaps N lists N of them", true),
        (
            &["--gaps", "2"],
            2,
            "more than 2 calls could not be resolved: --format json lists 2, --gaps N more",
            true,
        ),
        (&["--gaps", "3"], 3, "3 calls could not be resolved, which --format json lists", false),
        (&["--gaps", &most], 3, "3 calls could not be resolved, which --format json lists", false),
        (&[], 3, "3 calls could not be resolved, which --format json lists", false),
    ] {
        let said = asked("json", gaps);
        let report: Value = serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"));
        for verdict in report["proofs"][0]["verdicts"].as_array().expect("verdicts") {
            let found = (verdict["gaps"].as_array().map(Vec::len), &verdict["more_gaps"]);
            assert_eq!(found, (Some(listed), &Value::Bool(more)), "{gaps:?}: {verdict:#}");
        }
        let said = asked("text", gaps);
        assert!(said.contains(&format!("    besides, {besides}\n")), "{gaps:?}: {said}");
        assert_eq!(said.matches("      to settle it: ").count(), listed, "{gaps:?}: {said}");
        let is_cut = said.contains("    .. and more unresolved calls: --gaps N lists more\n");
        assert_eq!(is_cut, more, "{gaps:?}: {said}");
    }
}
