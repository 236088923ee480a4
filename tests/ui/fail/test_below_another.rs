//! The attribute stands above the runtime's.

#[tokio::test]
#[qadapt::test]
async fn f() {}

fn main() {}
