//! A workspace whose tests have the allocator that the guard installs, and that is built elsewhere.

use std::path::{Path, PathBuf};

use crate::explore::server::{Server, command, texts};

/// A library, which depends on the guard, and on more of it in its tests.
fn workspace(folder: &Path) -> PathBuf {
    let _ = std::fs::remove_dir_all(folder);
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the repository");
    let manifest = format!(
        "[package]\nname = \"installed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [features]\nown = [\"qadapt/install\"]\n\n\
         [dependencies]\nqadapt.path = \"{guard}\"\n\n\
         [dev-dependencies]\nqadapt = {{ path = \"{guard}\", features = [\"install\"] }}\n",
        guard = repository.join("qadapt").display()
    );
    let test = "use qadapt as _;\n\n#[test]\nfn boxes() {\n    std::hint::black_box(Box::new(installed::one()));\n}\n";
    for inner in ["src", "tests"] {
        std::fs::create_dir_all(folder.join(inner)).expect("the folder can be made");
    }
    for (name, text) in [
        ("Cargo.toml", manifest.as_str()),
        ("src/lib.rs", "pub fn one() -> u8 {\n    1\n}\n"),
        ("tests/boxes.rs", test),
    ] {
        std::fs::write(folder.join(name), text).expect("it can be written");
    }
    std::fs::copy(repository.join("Cargo.lock"), folder.join("Cargo.lock")).expect("it can be copied");
    folder.join("Cargo.toml")
}

#[test]
#[ignore = "needs bwrap, and builds: cargo test -p cargo-qadapt --test tool -- --ignored explore::"]
fn snippets_have_one_allocator_and_find_their_way_to_a_target_folder_elsewhere() {
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let manifest = workspace(&tmp.join("installed"));
    let elsewhere = tmp.join("installed-elsewhere/target");
    let path = manifest.to_str().expect("UTF-8");
    let mut command = command(&["--manifest-path", path]);
    let server = Server::of(command.env("CARGO_TARGET_DIR", &elsewhere));
    let code = "println!(\"{}\", Box::new(installed::one()));";
    // The package's feature, too, would install the guard's.
    for features in [&[][..], &["own"]] {
        let job = serde_json::json!({ "tab": "test", "code": code, "how": { "features": features } });
        let events = server.job(&job);
        assert_eq!(texts(&events, "failed"), "", "{events:?}");
        let reports = events.iter().filter(|event| event["event"] == "report");
        assert!(reports.count() > 0 && texts(&events, "output").contains('1'), "{events:?}");
    }
    // Tests that rely on the guard's have it.
    let job = serde_json::json!({ "tab": "test", "target": { "kind": "test", "name": "boxes", "package": "installed" } });
    let events = server.job(&job);
    let report = events.iter().rfind(|event| event["event"] == "report").expect("it is reported");
    assert_eq!(report["problems"], serde_json::json!([]), "{events:?}");
}
