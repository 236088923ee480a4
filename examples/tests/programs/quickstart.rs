//! The README's first report.

use crate::child::{run, site};

#[test]
fn the_report_names_the_hidden_allocation() {
    let outcome = run("quickstart", &[]);
    let prices = outcome.out.lines().count();
    if qadapt::is_active() {
        assert_eq!((outcome.code, prices), (Some(101), 4), "{outcome:#?}");
        let report = &outcome.err;
        assert!(report.contains("qadapt: reallocation "), "{report}");
        assert!(report.contains("64 bytes (align 8)"), "{report}");
        let line = site("examples/quickstart.rs", "history.push(");
        assert!(report.contains(&format!("--> {line}")), "{line} {report}");
        assert!(report.contains("history.push(price);"), "{report}");
        assert!(report.contains("on_price"), "{report}");
        assert!(!report.contains("RawVec"), "frames of std are folded: {report}");
    } else {
        assert_eq!((outcome.code, prices), (Some(0), 5), "{outcome:#?}");
        assert_eq!(outcome.err, "", "without checks nothing is said");
    }
}
