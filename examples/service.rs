//! A web service that is watched in production: axum with `qadapt-tower`'s layer on a handler, QADAPT's figures for Prometheus, and a
//! profile of its heap for Pyroscope, Parca or `go tool pprof`.
//!
//! `cargo run --release -p qadapt-examples --features process-counts,profile --example service -- 8000` serves on port 8000 of the
//! loopback interface until it is stopped (without a number, on a free port, which it prints):
//!
//! - `/squares/N`: the first N squares. The handler may free what it was given, but not ask for memory: it does, and each time is
//!   counted, which nobody who asks notices.
//! - `/metrics`: events, bytes, what is alive, and violations by route, in Prometheus' text format. Build with `QADAPT_ENFORCE=1` to
//!   have figures in release.
//! - `/kept/N`: keeps N KiB, up to 100 MiB in all, so that the profile has something to show.
//! - `/profile`: which stacks hold the memory that is alive, and which have allocated most, as pprof reads it. It needs no checks.
//!
//! Exit codes: 2 could not serve.

use std::error::Error;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::Path;
use axum::handler::Handler as _;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::get;
use qadapt::{Mode, Ops, Policy};
use qadapt_examples::prometheus;
use qadapt_tower::GuardLayer;
use tokio::net::TcpListener;
use tokio::runtime::Builder;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const WATCHED: Policy = Policy::new().mode(Mode::Count).allow(Ops::DEALLOC);

const SQUARES: &str = "/squares/{count}";

async fn squares(Path(count): Path<u64>) -> String {
    listed(count)
}

/// What the calls ask of the allocator is counted, call by call.
#[qadapt::count_alloc]
fn listed(count: u64) -> String {
    let mut text = String::new();
    for root in 1..=count.min(1_000) {
        let _ = writeln!(text, "{}", root * root);
    }
    text
}

async fn metrics() -> impl IntoResponse {
    ([(CONTENT_TYPE, prometheus::CONTENT_TYPE)], prometheus::text(&qadapt::metrics()))
}

/// What `/kept` keeps.
static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

async fn kept(Path(kibibytes): Path<usize>) -> String {
    keep(kibibytes).to_string()
}

/// Keeps so much more, and returns how many KiB are kept.
fn keep(kibibytes: usize) -> usize {
    const MOST: usize = 100 << 10;
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let more = kibibytes.min(MOST.saturating_sub(kept.len()));
    kept.extend((0..more).map(|_| vec![1; 1024]));
    kept.len()
}

async fn profile() -> impl IntoResponse {
    ([(CONTENT_TYPE, "application/octet-stream")], qadapt::profile().pprof().to_vec())
}

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let router = Router::new()
        .route(SQUARES, get(squares.layer(GuardLayer::new(WATCHED, |_: &_| SQUARES))))
        .route("/metrics", get(metrics))
        .route("/kept/{kibibytes}", get(kept))
        .route("/profile", get(profile));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}

fn run() -> Result<(), Box<dyn Error>> {
    let port = std::env::args().nth(1).map_or(Ok(0), |port| port.parse())?;
    Builder::new_multi_thread().worker_threads(2).enable_io().build()?.block_on(serve(port))
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("service: {error}");
            ExitCode::from(2)
        }
    }
}
