//! A web service that is watched in production: axum with `qadapt-tower`'s layer on a handler, and QADAPT's figures for Prometheus.
//!
//! `cargo run --release -p qadapt-examples --features process-counts --example service -- 8000` serves on port 8000 of the loopback
//! interface until it is stopped (without a number, on a free port, which it prints):
//!
//! - `/squares/N`: the first N squares. The handler may free what it was given, but not ask for memory: it does, and each time is
//!   counted, which nobody who asks notices.
//! - `/metrics`: events, bytes, what is alive, and violations by route, in Prometheus' text format. Build with `QADAPT_ENFORCE=1` to
//!   have figures in release.
//!
//! Exit codes: 2 could not serve.

use std::error::Error;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::process::ExitCode;

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

async fn serve(port: u16) -> Result<(), Box<dyn Error>> {
    let router = Router::new()
        .route(SQUARES, get(squares.layer(GuardLayer::new(WATCHED, |_: &_| SQUARES))))
        .route("/metrics", get(metrics));
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
