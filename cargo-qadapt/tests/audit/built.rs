//! How programs are built: what the user says of it stays, and what an audit adds does not contradict it.

use crate::workspace::{GUARDED, alone, package, qadapt_in};

/// Settings of the user's for the packages of the guard, under whatever word.
#[test]
fn packages_of_the_guard_that_have_settings_are_optimised_all_the_same() {
    let folder = alone("overridden");
    let guard = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../qadapt-spin");
    let guard = guard.canonicalize().expect("the guard's package is there");
    let more = format!(
        "[workspace]\n[profile.dev.package.\"qadapt@{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"file://{guard}#{version}\"]\nopt-level = 1\n\
         [profile.dev.package.\"*\"]\nopt-level = 0\n",
        version = env!("CARGO_PKG_VERSION"),
        guard = guard.display(),
    );
    let text = format!("{GUARDED}fn main() {{}}\n");
    package(&folder, "overridden", &more, &[("overridden", &text)]);
    qadapt_in(&folder, &["audit", "--profile", "debug", "--whole-program"]).assert(1, "");
}
