//! A web server whose handlers are watched: axum with `qadapt-tower`'s layer on each of them, under the load of clients on
//! the loopback interface.
//!
//! `cargo run -p qadapt-examples --example server` asks for averages, for lists of trades and for a sign of life, over four
//! connections, then says of each route how many requests there were, how many of them were watched (one in ten), and what
//! those did that their policy disallows. The report of a list, which allocates, goes to standard error. Exit codes: 0 done,
//! 2 could not run.
//!
//! What is watched is the future of a handler, poll by poll: its extractors, its body, and making its answer. Outside are
//! the routing, the box that axum makes for that future, sending the answer, and everything else on these threads.

use std::error::Error;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::{MatchedPath, Path, Request, State};
use axum::handler::Handler as _;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use qadapt::{Budget, Mode, Ops, Policy, permit_alloc};
use qadapt_examples::cli::{HOW_TO_MEASURE, data_file};
use qadapt_tower::GuardLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::sync::Notify;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const CONNECTIONS: u64 = 4;
/// Of each connection, so many times the requests of [`ROUND`].
const ROUNDS: u64 = 50;
const SAMPLE: u64 = 10;
/// The requests that a client makes in turn.
const ROUND: [&str; 6] =
    ["/average/0/2491", "/average/100/200", "/trades/7/9", "/average/0/1", "/health", "/average/64/128"];

/// A handler may free what it was given, but not ask for memory.
const STRICT: Policy = Policy::new().mode(Mode::Log).allow(Ops::DEALLOC);
/// An answer of text is a box for its body, and two for its headers.
const ONE_ANSWER: Policy = STRICT.budget(Budget::new().requests(3));

/// A route by its path, and what was seen of it.
struct Route {
    path: &'static str,
    answers: AtomicU64,
    watched: AtomicU64,
    violations: AtomicU64,
}

impl Route {
    const fn new(path: &'static str) -> Self {
        let [answers, watched, violations] = [const { AtomicU64::new(0) }; 3];
        Self { path, answers, watched, violations }
    }
}

static ROUTES: [Route; 3] =
    [Route::new("/average/{first}/{last}"), Route::new("/trades/{first}/{last}"), Route::new("/health")];

/// The region's name for a request that is watched: the path of its route. Nothing here allocates.
fn watched(request: &Request) -> &'static str {
    let path = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let Some(route) = ROUTES.iter().find(|route| route.path == path) else { return "another route" };
    route.watched.fetch_add(1, Ordering::Relaxed);
    route.path
}

/// A trade, in cents and shares.
#[derive(Clone, Copy)]
struct Trade {
    price: u64,
    quantity: u64,
}

type Trades = Arc<[Trade]>;

/// The trades of a range, as far as there are any.
fn between(trades: &[Trade], (first, last): (usize, usize)) -> &[Trade] {
    let last = last.min(trades.len());
    &trades[first.min(last)..last]
}

/// The hot route: its work needs no memory, and where it needs some, for the answer, it has a permit.
async fn average(State(trades): State<Trades>, Path(range): Path<(usize, usize)>) -> Response {
    let (mut shares, mut paid) = (0, 0);
    for Trade { price, quantity } in between(&trades, range) {
        shares += quantity;
        paid += price * quantity;
    }
    let average = 100 * paid / shares.max(1);
    permit_alloc(|| format!("{}.{:04}", average / 10_000, average % 10_000).into_response())
}

/// A careless one: a string that grows.
async fn list(State(trades): State<Trades>, Path(range): Path<(usize, usize)>) -> String {
    let mut text = String::new();
    for Trade { price, quantity } in between(&trades, range) {
        let _ = writeln!(text, "{quantity} shares at {}.{:02}", price / 100, price % 100);
    }
    text
}

async fn health() -> &'static str {
    "well"
}

/// The server's routes. Each handler has a layer, and a count of its own for the sampling.
fn router(trades: Trades) -> Router {
    let layer = |policy: Policy| GuardLayer::new(policy, watched).sample(SAMPLE);
    Router::new()
        .route(ROUTES[0].path, get(average.layer(layer(STRICT))))
        .route(ROUTES[1].path, get(list.layer(layer(STRICT))))
        .route(ROUTES[2].path, get(health.layer(layer(ONE_ANSWER))))
        .with_state(trades)
}

/// Sends requests over one connection, one after the other; the answer to the last of each kind comes back.
async fn client(address: SocketAddr) -> Result<[String; ROUND.len()], Box<dyn Error + Send + Sync>> {
    let mut stream = TcpStream::connect(address).await?;
    let mut answers = <[String; ROUND.len()]>::default();
    for _ in 0..ROUNDS {
        for (path, answer) in ROUND.into_iter().zip(&mut answers) {
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
            *answer = receive(&mut stream).await.map_err(|error| format!("{path}: {error}"))?;
            // All routes differ in their first letters.
            let route = ROUTES.iter().find(|route| route.path[..3] == path[..3]).ok_or(path)?;
            route.answers.fetch_add(1, Ordering::Relaxed);
        }
    }
    Ok(answers)
}

/// Reads one answer and gives its body.
async fn receive(stream: &mut TcpStream) -> Result<String, Box<dyn Error + Send + Sync>> {
    let mut bytes = Vec::new();
    loop {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err("the server has closed the connection".into());
        }
        let text = std::str::from_utf8(&bytes)?;
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        if lines.next() != Some("HTTP/1.1 200 OK") {
            return Err(format!("not served: {head}").into());
        }
        let length = lines.find_map(|line| line.strip_prefix("content-length: ")).ok_or("no length")?;
        if body.len() == length.parse::<usize>()? {
            return Ok(body.to_owned());
        }
    }
}

/// The trades of the feed that the package ships.
fn read_trades() -> Result<Trades, Box<dyn Error + Send + Sync>> {
    let feed = std::fs::read_to_string(data_file("market_day.csv"))?;
    let executed = feed.lines().skip(1).filter(|line| line.split(',').nth(1) == Some("execute"));
    executed
        .map(|line| {
            let mut fields = line.split(',').skip(4);
            let mut number = || fields.next().unwrap_or("").replace('.', "").parse();
            Ok(Trade { price: number()?, quantity: number()? })
        })
        .collect()
}

async fn serve_and_ask() -> Result<[String; ROUND.len()], Box<dyn Error + Send + Sync>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let done = Arc::new(Notify::new());
    let stop = Arc::clone(&done);
    let server = axum::serve(listener, router(read_trades()?))
        .with_graceful_shutdown(async move { stop.notified().await });
    let server = tokio::spawn(server.into_future());
    let clients: Vec<_> = (0..CONNECTIONS).map(|_| tokio::spawn(client(address))).collect();
    let mut answers = Default::default();
    for client in clients {
        answers = client.await??;
    }
    done.notify_one();
    server.await??;
    Ok(answers)
}

fn run() -> Result<(), Box<dyn Error + Send + Sync>> {
    qadapt::set_violation_hook(|violation| {
        if let Some(route) = ROUTES.iter().find(|route| Some(route.path) == violation.region()) {
            route.violations.fetch_add(violation.times(), Ordering::Relaxed);
        }
    });
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_io().build()?;
    let answers = runtime.block_on(serve_and_ask())?;

    println!("{:<24} {:>8} {:>8} {:>10}", "route", "requests", "watched", "violations");
    for Route { path, answers, watched, violations } in &ROUTES {
        let [answers, watched, violations] =
            [answers, watched, violations].map(|count| count.load(Ordering::Relaxed));
        println!("{path:<24} {answers:>8} {watched:>8} {violations:>10}");
    }
    for (path, answer) in ROUND.iter().zip(&answers) {
        println!("{path}: {}", answer.trim_end().replace('\n', ", "));
    }
    if !qadapt::is_active() {
        println!("violations {HOW_TO_MEASURE}");
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("server: {error}");
            ExitCode::from(2)
        }
    }
}
