//! What an editor gets from rust-analyzer.

use serde_json::json;

use crate::editor::project::Project;
use crate::editor::server::{Server, uri};

#[test]
#[ignore = "needs rust-analyzer: `.ci/run editor`"]
fn rust_analyzer_shows_a_finding_with_its_region_and_advice() {
    let project = Project::new("shown");
    let audit = project.qadapt(&["audit", "--profile", "debug"]);
    assert_eq!(audit.code, Some(1), "{}", audit.stderr);
    let command = [env!("CARGO_BIN_EXE_cargo-qadapt"), "qadapt", "audit", "--format", "rustc-json"];
    let options = json!({
        "check": { "overrideCommand": command },
        "cachePriming": { "enable": false },
        "procMacro": { "enable": false },
        "cargo": { "buildScripts": { "enable": false } },
    });
    let mut server = Server::start(&project.root, &options, &[("CARGO_TARGET_DIR", &project.target())]);
    let file = project.root.join("parts/src/lib.rs");
    let document = json!({
        "uri": uri(&file), "languageId": "rust", "version": 1, "text": project.read("parts/src/lib.rs"),
    });
    server.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    server.notify("textDocument/didSave", &json!({ "textDocument": { "uri": uri(&file) } }));
    let found = server.until(|message| {
        if message["method"] != "textDocument/publishDiagnostics" || message["params"]["uri"] != uri(&file) {
            return None;
        }
        let all = message["params"]["diagnostics"].as_array()?;
        all.iter().find(|one| one["source"] == "qadapt" && one["severity"] == 2).cloned()
    });
    assert_eq!(found["code"], "allocation", "{found:#}");
    assert_eq!(
        found["range"],
        json!({
            "start": { "line": 5, "character": 29 }, "end": { "line": 5, "character": 43 },
        })
    );
    let message = found["message"].as_str().expect("a text");
    assert!(message.starts_with("allocation by boxed::new in region radio::tune"), "{message}");
    let related = found["relatedInformation"].to_string();
    assert!(
        related.contains("the region radio::tune is opened here") && related.contains("src/main.rs"),
        "{related}"
    );
    // Advice follows the message or hangs below it, as the version has it.
    let advice = "make the Box outside";
    assert!(message.contains(advice) || related.contains(advice), "{found:#}");
}
