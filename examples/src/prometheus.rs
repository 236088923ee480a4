//! QADAPT's figures in Prometheus' text format, version 0.0.4.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format> has the format.

use std::fmt::{self, Write as _};

use qadapt::{Metrics, RegionMetrics};

/// The value of the header `Content-Type`.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is known of the process. Figures that are unmeasured are left out, so that none is taken for 0.
#[must_use]
pub fn text(metrics: &Metrics) -> String {
    let counts = metrics.counts();
    let mut text = Text(String::new());
    let calls = [
        ("alloc", counts.allocs().get()),
        ("realloc", counts.reallocs().get()),
        ("dealloc", counts.deallocs().get()),
        ("failed", counts.failed().get()),
    ];
    text.family("qadapt_events_total", "counter", "Calls of the allocator, by all threads.");
    for (op, figure) in calls {
        text.sample("qadapt_events_total", &[("op", &op)], figure);
    }
    text.figure("qadapt_allocated_bytes_total", "counter", "Bytes asked for.", counts.bytes().get());
    text.figure("qadapt_freed_bytes_total", "counter", "Bytes given back.", counts.freed_bytes().get());
    text.figure(
        "qadapt_live_bytes",
        "gauge",
        "Bytes asked for and not given back.",
        counts.net_bytes().get(),
    );
    text.figure("qadapt_live_blocks", "gauge", "Blocks not given back.", counts.net_blocks().get());
    let violations = metrics.violations().get();
    text.figure("qadapt_violations_total", "counter", "Events that regions disallowed.", violations);
    let lost = metrics.lost().get();
    text.figure("qadapt_lost_violations_total", "counter", "Violations that no report names.", lost);

    let regions = metrics.regions();
    text.family("qadapt_region_violations_total", "counter", "Violations of regions that have ended.");
    for region in regions.iter().filter(|region| region.violations() > 0) {
        text.of_region("qadapt_region_violations_total", region, Some(region.violations()));
    }
    text.family("qadapt_function_calls_total", "counter", "Calls of functions with #[count_alloc].");
    let functions = || regions.iter().filter(|region| region.counts().is_measured());
    for region in functions() {
        text.of_region("qadapt_function_calls_total", region, Some(region.calls()));
    }
    text.family("qadapt_function_bytes_total", "counter", "Bytes that these calls asked for.");
    for region in functions() {
        text.of_region("qadapt_function_bytes_total", region, region.counts().bytes().get());
    }
    text.0
}

struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// A family of one sample.
    fn figure(&mut self, name: &str, kind: &str, help: &str, figure: Option<impl fmt::Display>) {
        self.family(name, kind, help);
        self.sample(name, &[], figure);
    }

    fn of_region(&mut self, name: &str, region: &RegionMetrics, figure: Option<u64>) {
        let labels: [(&str, &dyn fmt::Display); 2] =
            [("region", &region.name()), ("entered", region.entered())];
        self.sample(name, &labels, figure);
    }

    fn sample(
        &mut self,
        name: &str,
        labels: &[(&str, &dyn fmt::Display)],
        figure: Option<impl fmt::Display>,
    ) {
        let Some(figure) = figure else { return };
        self.0.push_str(name);
        for (index, (label, value)) in labels.iter().enumerate() {
            let opening = if index == 0 { '{' } else { ',' };
            let value = value.to_string().replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n");
            let _ = write!(self.0, "{opening}{label}=\"{value}\"");
        }
        let closing = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{closing} {figure}");
    }
}
