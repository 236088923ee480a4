//! `#[test]` above `#[qadapt::test]` has made a test of the function already.

#[test]
#[qadapt::test]
fn plain() {}

#[test]
// A comment between.
/// Documentation between.
#[ignore = "#[test]"]
#[qadapt::test]
fn apart() {}

#[qadapt::test]
fn once() {}
