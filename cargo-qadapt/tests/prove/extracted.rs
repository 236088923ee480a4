//! Code that compilers take out of functions, and functions that linkers fold: a call of either has the place of something else.

use std::path::Path;

use object::{Object as _, ObjectSymbol as _};
use qadapt_prove::Answer;

use crate::labelled::{answers, assert_sound, program, quiet};
use crate::programs::has;

fn named(names: &str, body: impl Fn(usize) -> String) -> Vec<(String, String)> {
    (0..6).map(|n| (format!("{names}_{n}"), body(n))).collect()
}

/// Whether a file has a function whose name has this in it.
fn has_function(file: &Path, part: &str) -> bool {
    let data = std::fs::read(file).expect("the program can be read");
    let file = object::File::parse(&*data).expect("an ELF file");
    file.symbols().any(|symbol| symbol.name().is_ok_and(|name| name.contains(part)))
}

/// The call of the cold part has the place of the product, which is outside of the region and was moved into that part.
#[test]
fn cold_code_that_was_taken_out_of_a_region_is_part_of_it() {
    let mut regions = named("cold", |n| {
        format!(
            "let a = x.wrapping_mul({n}7777) ^ x.rotate_left(7); let b = a.wrapping_mul({n}5555) ^ a.rotate_left(9);
             let mut t = x / 3;
             __qadapt_region(|| {{
                 // SAFETY: it is a box.
                 if x > 9 {{ let p = boxes(a, b, x); t ^= unsafe {{ *p }}; }}
                 t += 1;
             }});
             t"
        )
    });
    regions.push(quiet());
    let flags =
        ["-Copt-level=3", "-Ccodegen-units=1", "-Cllvm-args=-hot-cold-split=true -hotcoldsplit-threshold=0"];
    let file = program("cold", "", &regions, &flags);
    assert!(has_function(&file, ".cold"), "nothing was taken out");
    assert_sound(&file, "quiet");
}

/// The call is made once for both branches, by the function that calls what was taken out of it with the label.
#[test]
fn a_region_whose_label_was_taken_out_goes_on_where_that_returns() {
    let inner = r"
        #[cold]
        #[inline(never)]
        fn rarely(x: u64) { black_box(x); }
        #[inline(never)]
        fn warm(x: u64) { black_box(Box::new(black_box(x))); }
        #[inline(never)]
        fn ends(x: u64) { black_box(x); }
    ";
    let mut regions = named("begun", |n| {
        format!(
            "if x & 4 == 4 {{ rarely(x + {n}); __qadapt_region(|| warm(x)) }} else {{ warm(x) }} ends({n}); x"
        )
    });
    regions.push(quiet());
    let flags =
        ["-Copt-level=3", "-Ccodegen-units=1", "-Cllvm-args=-hot-cold-split=true -hotcoldsplit-threshold=0"];
    let file = program("begun", inner, &regions, &flags);
    assert!(has_function(&file, ".cold"), "nothing was taken out");
    assert_sound(&file, "quiet");
}

fn outlined() -> Vec<(String, String)> {
    let mut regions = named("outlined", |n| {
        format!(
            "let y = (x * x) ^ (120 * ({n} + 1));
             let p = __qadapt_region(|| boxes(halves(thirds(halves(thirds(y)))), 1, 2));
             // SAFETY: it is a box.
             unsafe {{ *p + {n} }}"
        )
    });
    regions.extend(named("permitted", |n| {
        format!(
            "let p = __qadapt_region(|| {{
                 let y = x * x;
                 let z = __qadapt_permit(|| y ^ (120 * ({n} + 1)));
                 boxes(halves(thirds(halves(thirds(z)))), 1, 2)
             }});
             // SAFETY: it is a box.
             unsafe {{ *p + {n} }}"
        )
    }));
    regions.push(quiet());
    regions
}

/// LLVM does so by itself for size: the calls have the place of the sum before the region, or of the permit before them.
#[test]
#[ignore = "needs a linker and the std of aarch64: run by .ci/run"]
fn outlined_code_is_part_of_a_region_on_aarch64() {
    let regions = outlined();
    let flags =
        ["-Copt-level=z", "--target", "aarch64-unknown-linux-gnu", "-Clinker=aarch64-linux-gnu-gcc", KEPT];
    let file = program("outlined", "", &regions, &flags);
    assert!(has_function(&file, "OUTLINED_FUNCTION_"), "nothing was taken out");
    let answers = answers(&file);
    for (region, _) in regions {
        assert_eq!(answers[&region] == Answer::Proven, region == "quiet", "{region}: {answers:#?}");
    }
}

/// GNU ld takes the labels for unused.
const KEPT: &str = "-Clink-arg=-Wl,--no-gc-sections";

#[test]
fn outlined_code_is_part_of_a_region() {
    let flags = ["-Copt-level=z", "-Cllvm-args=-enable-machine-outliner=always"];
    assert_sound(&program("outlined-here", "", &outlined(), &flags), "quiet");
}

/// These linkers leave the folded function no name, so that the permit of the one that is left seems to be its own.
#[test]
fn a_folded_function_has_no_permit_of_another() {
    let inner = r"
        #[inline(never)]
        // SAFETY: it is a box.
        fn with(x: u64) -> u64 { let r = __qadapt_permit(|| boxes(x, 4, 5)); unsafe { *r ^ 7 } }
        #[inline(never)]
        // SAFETY: as above.
        fn without(x: u64) -> u64 { let r = boxes(x, 4, 5); unsafe { *r ^ 7 } }
    ";
    let text = |text: &str| text.to_owned();
    let regions = [
        (text("permitted"), text("__qadapt_region(|| with(x) + 77)")),
        (text("allocates"), text("__qadapt_region(|| without(x) + 78)")),
        quiet(),
    ];
    for (linker, folds) in [("gold", "safe"), ("mold", "all")] {
        if !has(&format!("ld.{linker}"), &[]) {
            continue;
        }
        let flags = [
            format!("-Clink-arg=-fuse-ld={linker}"),
            format!("-Clink-arg=-Wl,--icf={folds}"),
            "-Copt-level=3".to_owned(),
        ];
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        let file = program(&format!("folded-by-{linker}"), inner, &regions, &flags);
        assert!(
            !(has_function(&file, "4with") && has_function(&file, "7without")),
            "{linker} folded nothing"
        );
        assert_sound(&file, "quiet");
    }
}
