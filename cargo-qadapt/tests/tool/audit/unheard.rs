//! Standard output and standard error that take nothing.

use std::fs::File;
use std::process::Stdio;

use crate::audit::command::qadapt;

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("the device is there").into()
}

fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("there is a pipe");
    drop(reader);
    writer.into()
}

#[test]
fn the_exit_code_says_that_it_failed_where_nothing_else_can() {
    for arguments in [
        &["merge", "/no/such/report.json"][..],
        &["audit", "-p", "odd", "--bin", "nope"],
        // Cargo has nobody to tell either.
        &["audit", "-p", "none", "--format", "rustc-json"],
    ] {
        for stderr in [full(), closed()] {
            let status = qadapt(arguments).stdout(Stdio::null()).stderr(stderr).status();
            assert_eq!(status.expect("the command starts").code(), Some(2), "{arguments:?}");
        }
    }
}
