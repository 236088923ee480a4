//! Panics after a region's end: what it did before is not on the way to a panic of its own.

use qadapt_prove::Answer;

use crate::labelled::{answers, assert_sound, program, quiet};

/// An allocation; and regions that end the process: a panic must not leave a function of C's, but goes to code that aborts, whoever's it was.
const REST: &str = r#"
    #[inline(always)]
    // SAFETY: it is a box.
    fn boxed(a: u64, b: u64, c: u64) -> u64 { let made = boxes(a, b, c); unsafe { *made } }
    #[inline(never)]
    extern "C" fn in_c(x: u64) -> u64 {
        __qadapt_region(|| { assert!(x < 9, "{}", format!("{x}")); x })
    }
    #[inline(never)]
    extern "C" fn after_in_c(x: u64) -> u64 {
        let made = __qadapt_region(|| if x > 9 { Err(boxes(x, 3, 4)) } else { Ok(x) });
        match made { Ok(y) => y, Err(_) => panic!("too large") }
    }
    #[inline(never)]
    fn check_panic_cannot_unwind(y: u64) -> ! { panic!("{y}") }
    #[inline(never)]
    fn raises_after(x: u64) -> u64 {
        let y = __qadapt_region(|| boxed(x, 1, 9));
        std::panic::resume_unwind(Box::new(y))
    }
"#;

/// An unwinder that is linked in goes on in another frame, which in its code looks like a return.
#[test]
#[cfg(all(target_arch = "x86_64", target_env = "gnu"))]
fn a_panic_ends_a_region_in_a_program_that_is_linked_statically() {
    let body = "let cell = std::cell::RefCell::new(x);
                let cell = black_box(&cell);
                __qadapt_region(|| { *cell.borrow_mut() += black_box(x); *cell.borrow() })";
    let region = ("borrows".to_owned(), body.to_owned());
    let flags = ["-Copt-level=2", "-Cpanic=unwind", "-Ctarget-feature=+crt-static"];
    let file = program("static", "", &[region], &flags);
    assert_eq!(answers(&file)["borrows"], Answer::Proven);
}

#[test]
fn a_panic_after_a_region_excuses_nothing_in_it_and_one_inside_does() {
    let text = |(name, body): &(&str, &str)| ((*name).to_owned(), (*body).to_owned());
    let wrong = [
        ("panics_after", "let y = __qadapt_region(|| boxed(x, 1, 2)); panic!(\"{y}\")"),
        // What is called so is no function of core's.
        (
            "panics_after_by_a_name",
            "let y = __qadapt_region(|| boxed(x, 1, 2)); check_panic_cannot_unwind(y)",
        ),
        (
            "unwraps_after",
            "let made = __qadapt_region(|| if x > 9 { Err(boxes(x, 3, 4)) } else { Ok(x) });
             match made { Ok(y) => y, Err(_) => panic!(\"too large\") }",
        ),
        (
            "panics_in_a_later_round",
            "let mut n = 0;
             loop {
                 n += __qadapt_region(|| boxed(x, n, 5)) | 1;
                 if n > 1 { panic!(\"no more\") }
             }",
        ),
        (
            "panics_inside_the_third_time",
            "let mut sum = 0;
             for i in 0..3 {
                 sum += __qadapt_region(|| {
                     if i == 2 { panic!(\"inside {sum}\") }
                     if i == 0 { boxed(x, 1, 7) } else { x }
                 });
             }
             sum",
        ),
        (
            "panics_inside_the_second_time",
            "for i in 0..2 {
                 __qadapt_region(|| {
                     if i == 1 { panic!(\"inside\") }
                     black_box(boxes(x, i, 6));
                 });
             }
             0",
        ),
    ];
    let right = [
        ("panics_inside", "__qadapt_region(|| if x > 9 { panic!(\"{}\", boxed(x, 7, 8)) } else { x })"),
        ("quiet_and_panics_after", "let y = __qadapt_region(|| x + black_box(1)); panic!(\"{y}\")"),
    ];
    let flags = ["-Copt-level=3", "-Cpanic=unwind"];
    let regions: Vec<_> = wrong.iter().map(text).chain([quiet()]).collect();
    assert_sound(&program("ended", REST, &regions, &flags), "quiet");
    // What these count is the panic's, or they would end the process.
    let regions: Vec<_> = right
        .iter()
        .chain(&[("calls", "match x & 3 { 1 => in_c(x), 2 => after_in_c(x), _ => raises_after(x) }")])
        .map(text)
        .collect();
    let answers = answers(&program("ended-right", REST, &regions, &flags));
    for (region, answer) in right.map(|(region, _)| (region, Answer::Proven)).into_iter().chain([
        ("in_c", Answer::Proven),
        ("after_in_c", Answer::Allocates),
        ("raises_after", Answer::Allocates),
    ]) {
        assert_eq!(answers.get(region), Some(&answer), "{region}: {answers:#?}");
    }
}
