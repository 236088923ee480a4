//! Blocking calls are figures of a baseline, and budgets limit them.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use crate::check::copy::Copy;

#[test]
fn a_region_that_waits_more_than_before_fails() {
    let copy = Copy::new("waits");
    let region = |times: u32| {
        format!(
            "qadapt::no_blocking(|| (0..{times}).for_each(|_| std::thread::sleep(std::time::Duration::from_nanos(1))));"
        )
    };
    copy.edit(
        "meter/src/main.rs",
        "    meter::fill(times);\n",
        &format!("    meter::fill(times);\n    {}\n", region(2)),
    );
    copy.bless(&[]);
    let lock = copy.read("qadapt.lock");
    assert!(lock.contains("peak_bytes = 0, blocking_calls = 2 }"), "{lock}");
    assert!(lock.contains("op = \"clock_nanosleep (sleep)\"") && lock.contains("times.debug = 2"), "{lock}");
    copy.check(&[]).assert(0, &["0 failures, 0 notes"]);
    copy.edit("meter/src/main.rs", &region(2), &region(3));
    copy.check(&[]).assert(
        1,
        &[
            "error[more-than-baseline]: meter/src/main.rs:20 in debug: 3 blocking calls instead of 2",
            "blocking call of clock_nanosleep (sleep)",
        ],
    );
    copy.write("qadapt.toml", "[[budget]]\nregion = \"*:main\"\nblocking_calls = 1\n");
    copy.check(&["--bless"]).assert(1, &["error[over-budget]:", "3 blocking calls where 1 may be"]);
    copy.write("qadapt.toml", "[[budget]]\nregion = \"*:main\"\nblocking_calls = 3\n");
    copy.bless(&[]);
}
