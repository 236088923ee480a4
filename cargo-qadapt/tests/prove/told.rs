//! How verdicts are told: under which names, and by which lines.

use qadapt_prove::{Answer, Rules, Settings, Which, prove_file};

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
