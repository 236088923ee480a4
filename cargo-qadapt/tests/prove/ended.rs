//! Panics after a region's end: what it did before is not on the way to a panic of its own.

use qadapt_prove::Answer;

use crate::labelled::{answers, assert_sound, program, quiet};

#[test]
fn a_panic_after_a_region_excuses_nothing_in_it_and_one_inside_does() {
    let text = |(name, body): &(&str, &str)| ((*name).to_owned(), (*body).to_owned());
    let wrong = [
        ("panics_after", "let y = __qadapt_region(|| unsafe { *boxes(x, 1, 2) }); panic!(\"{y}\")"),
        (
            "unwraps_after",
            "let made = __qadapt_region(|| if x > 9 { Err(boxes(x, 3, 4)) } else { Ok(x) });
             match made { Ok(y) => y, Err(_) => panic!(\"too large\") }",
        ),
        (
            "panics_in_a_later_round",
            "let mut n = 0;
             loop {
                 n += __qadapt_region(|| unsafe { *boxes(x, n, 5) }) | 1;
                 if n > 1 { panic!(\"no more\") }
             }",
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
        (
            "panics_inside",
            "__qadapt_region(|| if x > 9 { panic!(\"{}\", unsafe { *boxes(x, 7, 8) }) } else { x })",
        ),
        ("quiet_and_panics_after", "let y = __qadapt_region(|| x + black_box(1)); panic!(\"{y}\")"),
    ];
    let flags = ["-Copt-level=3", "-Cpanic=unwind"];
    let regions: Vec<_> = wrong.iter().map(text).chain([quiet()]).collect();
    assert_sound(&program("ended", "", &regions, &flags), "quiet");
    // What these count is the panic's.
    let regions: Vec<_> = right.iter().map(text).collect();
    let answers = answers(&program("ended-right", "", &regions, &flags));
    for (region, _) in right {
        assert_eq!(answers[region], Answer::Proven, "{answers:#?}");
    }
}
