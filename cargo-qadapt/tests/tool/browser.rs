//! Chromium, driven by the `WebDriver` protocol (<https://www.w3.org/TR/webdriver2/>).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

pub(crate) const ESCAPE: &str = "\u{E00C}";
pub(crate) const TAB: &str = "\u{E004}";
pub(crate) const ENTER: &str = "\u{E007}";
pub(crate) const DOWN: &str = "\u{E015}";
pub(crate) const UP: &str = "\u{E013}";
pub(crate) const RIGHT: &str = "\u{E014}";

/// One browser window. Dropping it ends the browser.
pub(crate) struct Browser {
    driver: Child,
    address: String,
}

impl Browser {
    pub(crate) fn start() -> Self {
        Self::with_preferences(&json!({}))
    }

    /// A browser that runs no scripts of pages.
    pub(crate) fn without_scripts() -> Self {
        Self::with_preferences(&json!({ "profile.managed_default_content_settings.javascript": 2 }))
    }

    /// Among many busy processes a browser may not come up: then another one is started.
    fn with_preferences(preferences: &Value) -> Self {
        let mut failure = String::new();
        for _ in 0..3 {
            let browser = Self::started(preferences);
            match browser.asked("/url", &json!({ "url": "about:blank" })) {
                Ok(_) => return browser,
                Err(error) => failure = error,
            }
        }
        panic!("no browser comes up: {failure}");
    }

    fn started(preferences: &Value) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts: apt-get install chromium chromium-driver");
        let mut said = BufReader::new(driver.stdout.take().expect("it is piped")).lines();
        let port = said
            .find_map(|line| {
                let line = line.expect("it is text");
                line.split_once("successfully on port ")
                    .map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        let mut browser = Self { driver, address: format!("http://127.0.0.1:{port}/session") };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--window-size=1400,1000",
        ];
        let session = browser.post(
            "",
            &json!({ "capabilities": { "alwaysMatch": {
                "goog:chromeOptions": { "args": arguments, "prefs": preferences },
                "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
                "timeouts": { "pageLoad": 60_000 },
            } } }),
        );
        let id = session["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {session}"));
        browser.address = format!("{}/{id}", browser.address);
        browser
    }

    #[track_caller]
    fn post(&self, path: &str, body: &Value) -> Value {
        self.asked(path, body).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn asked(&self, path: &str, body: &Value) -> Result<Value, String> {
        let response = minreq::post(format!("{}{path}", self.address))
            .with_header("Content-Type", "application/json; charset=utf-8")
            .with_body(body.to_string())
            .send()
            .expect("chromedriver answers");
        let text = response.as_str().expect("the answer is text");
        let mut answer: Value = serde_json::from_str(text).expect("the answer is JSON");
        if response.status_code == 200 { Ok(answer["value"].take()) } else { Err(format!("{answer:#}")) }
    }

    /// Loads a file and waits until it is complete.
    pub(crate) fn open(&self, path: &Path, place: &str) {
        self.go(&format!("file://{}{place}", path.display()));
    }

    /// Loads an address.
    pub(crate) fn go(&self, address: &str) {
        // Another address first: one that differs only behind the `#` would not load anything.
        self.post("/url", &json!({ "url": "about:blank" }));
        self.post("/url", &json!({ "url": address }));
    }

    /// What a function body returns; its arguments are `arguments`.
    #[track_caller]
    pub(crate) fn run(&self, script: &str, arguments: &[Value]) -> Value {
        self.post("/execute/sync", &json!({ "script": script, "args": arguments }))
    }

    #[track_caller]
    pub(crate) fn text(&self, script: &str) -> String {
        match self.run(script, &[]) {
            Value::String(text) => text,
            other => other.to_string(),
        }
    }

    /// Presses and releases each key, as a user does; returns when the page has drawn what follows.
    pub(crate) fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
            })
            .collect();
        self.post("/actions", &json!({ "actions": [{ "type": "key", "id": "keys", "actions": actions }] }));
        self.drawn();
    }

    fn drawn(&self) {
        let script =
            "const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done()));";
        self.post("/execute/async", &json!({ "script": script, "args": [] }));
    }

    /// What the system prefers: `light` or `dark`.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = [json!({ "name": "prefers-color-scheme", "value": scheme })];
        let parameters = json!({ "features": features });
        self.post("/goog/cdp/execute", &json!({ "cmd": "Emulation.setEmulatedMedia", "params": parameters }));
        self.drawn();
    }

    pub(crate) fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        let command = json!({ "cmd": "Emulation.setDeviceMetricsOverride", "params": metrics });
        self.post("/goog/cdp/execute", &command);
        self.drawn();
    }

    /// What was written to the console since the last time.
    pub(crate) fn console(&self) -> Vec<String> {
        self.log("browser").iter().map(|entry| entry["message"].to_string()).collect()
    }

    /// The addresses that were asked for since the last time.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log("performance")
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|event| event["message"]["params"]["request"]["url"].as_str().map(str::to_owned))
            .collect()
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        let log = self.post("/se/log", &json!({ "type": kind }));
        log.as_array().cloned().unwrap_or_default()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser first, which is the driver's child.
        let _ = minreq::delete(&self.address).send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
