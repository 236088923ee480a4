//! JSON, which keeps everything as it is.

use cargo_qadapt::format::name::Format;
use cargo_qadapt::report::figures::Report;

use crate::formats::sample::{hostile, small};

#[test]
fn a_report_is_read_back_as_it_was() {
    for sample in [small("json-audit"), hostile("json-hostile")] {
        let read: Report = serde_json::from_slice(&sample.render(Format::Json)).expect("it is JSON");
        assert_eq!(read, sample.report);
    }
}
