//! A service on several threads: the hot path follows a market's feed under protection, poll by poll, while its
//! neighbours on the same threads parse and print, and allocate as they like.
//!
//! `cargo run -p qadapt-examples --example async_pipeline` follows the feed that the package ships. With
//! `-- --careless` the hot path formats a line for each big trade: its task panics at the end of that poll with the
//! report, and the neighbours go on. Exit codes: 0 done, 1 the hot path was stopped, 2 could not run.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use qadapt::{Counts, GuardExt as _, Policy};
use qadapt_examples::cli::{HOW_TO_MEASURE, data_file};
use tokio::runtime::Builder;
use tokio::sync::Notify;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const HOT_PATH: Policy = Policy::new().name("hot path");
/// Shares; a trade of more is worth a line, for those who do not care what it costs.
const BIG: u64 = 590;

/// A trade, in cents and shares.
#[derive(Clone, Copy)]
struct Trade {
    price: u64,
    quantity: u64,
}

/// A queue between two tasks, of memory that is set aside once.
struct Queue<T> {
    items: Mutex<Items<T>>,
    filled: Notify,
    emptied: Notify,
}

struct Items<T> {
    queue: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    fn new(room: usize) -> Arc<Self> {
        let items = Mutex::new(Items { queue: VecDeque::with_capacity(room), closed: false });
        Arc::new(Self { items, filled: Notify::new(), emptied: Notify::new() })
    }

    fn with<R>(&self, act: impl FnOnce(&mut Items<T>) -> R) -> R {
        act(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until there is room. False if nobody takes anything any more.
    async fn push(&self, item: T) -> bool {
        let mut item = Some(item);
        loop {
            let closed = self.with(|items| {
                if !items.closed && items.queue.len() < items.queue.capacity() {
                    items.queue.extend(item.take());
                }
                items.closed
            });
            if closed {
                return false;
            }
            if item.is_none() {
                self.filled.notify_one();
                return true;
            }
            self.emptied.notified().await;
        }
    }

    /// Waits for an item; `None` after the last one.
    async fn pop(&self) -> Option<T> {
        loop {
            let (item, closed) = self.with(|items| (items.queue.pop_front(), items.closed));
            if item.is_some() {
                self.emptied.notify_one();
                return item;
            }
            if closed {
                return None;
            }
            self.filled.notified().await;
        }
    }

    fn close(&self) {
        self.with(|items| items.closed = true);
        self.filled.notify_one();
        self.emptied.notify_one();
    }
}

/// Closes a queue at the end of the task that holds it, however that ends.
struct Closes<T>(Arc<Queue<T>>);

impl<T> Drop for Closes<T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Parses the feed's trades, a line at a time, into strings of its own.
async fn parse(feed: String, trades: Closes<Trade>) -> Result<u64, String> {
    let mut count = 0;
    for line in feed.lines().skip(1) {
        let fields: Vec<String> = line.split(',').map(str::to_owned).collect();
        let [_, event, _, _, price, quantity] = &fields[..] else { return Err(format!("{line}?")) };
        if event != "execute" {
            continue;
        }
        let number = |text: &str| text.parse::<u64>().map_err(|error| format!("{line}: {error}"));
        let trade = Trade { price: number(&price.replace('.', ""))?, quantity: number(quantity)? };
        if !trades.0.push(trade).await {
            break;
        }
        count += 1;
    }
    Ok(count)
}

/// The average price so far, in hundredths of a cent.
#[derive(Clone, Copy)]
struct Average {
    trades: u64,
    average: u64,
}

/// Follows the trades. It owns nothing that it would have to free, and so may not touch the allocator at all.
async fn follow(trades: &Queue<Trade>, averages: &Queue<Average>, careless: bool) -> Average {
    let (mut count, mut shares, mut paid) = (0, 0, 0);
    loop {
        let Some(Trade { price, quantity }) = trades.pop().await else { break };
        count += 1;
        shares += quantity;
        paid += price * quantity;
        if careless && quantity > BIG {
            eprintln!("{}", format!("big trade: {quantity} shares").to_uppercase());
        }
        if count % 64 == 0 && !averages.push(Average { trades: count, average: 100 * paid / shares }).await {
            break;
        }
    }
    Average { trades: count, average: 100 * paid / shares.max(1) }
}

/// The hot path under its policy. It borrows the queues: they are closed here, outside of its polls.
async fn protected(trades: Closes<Trade>, averages: Closes<Average>, careless: bool) -> (Counts, Average) {
    HOT_PATH.wrap(follow(&trades.0, &averages.0, careless)).count_alloc().await
}

/// Makes a report of the averages, in a string that grows.
async fn report(averages: Arc<Queue<Average>>) -> String {
    let mut text = String::new();
    while let Some(Average { trades, average }) = averages.pop().await {
        let _ = writeln!(text, "after {trades:>5} trades {:>3}.{:04}", average / 10_000, average % 10_000);
    }
    text
}

fn main() -> ExitCode {
    let careless = std::env::args().any(|argument| argument == "--careless");
    match run(careless) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("async_pipeline: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(careless: bool) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let feed = std::fs::read_to_string(data_file("market_day.csv"))?;
    let runtime = Builder::new_multi_thread().worker_threads(2).build()?;
    // Held to the end, so that no task frees them: which one lets go last differs from run to run.
    let (trades, averages) = (Queue::new(16), Queue::new(4));

    let hot = protected(Closes(Arc::clone(&trades)), Closes(Arc::clone(&averages)), careless);
    let parser = parse(feed, Closes(Arc::clone(&trades))).count_alloc();
    let reporter = report(Arc::clone(&averages)).count_alloc();

    let (hot, parser, reporter) = (runtime.spawn(hot), runtime.spawn(parser), runtime.spawn(reporter));
    let followed = runtime.block_on(hot);
    let (parsing, parsed) = runtime.block_on(parser)?;
    let parsed = parsed?;
    let (reporting, text) = runtime.block_on(reporter)?;

    print!("{text}");
    print("parser", &parsing);
    print("reporter", &reporting);
    let Ok((counts, Average { trades, average })) = followed else {
        println!("hot path    stopped");
        return Ok(ExitCode::FAILURE);
    };
    print("hot path", &counts);
    println!("trades      {parsed} parsed, {trades} followed");
    println!("average     {}.{:04}", average / 10_000, average % 10_000);
    Ok(ExitCode::SUCCESS)
}

fn print(what: &str, counts: &Counts) {
    if counts.is_measured() {
        println!("{what:<11} {} allocations, {} deallocations", counts.allocs(), counts.deallocs());
    } else {
        println!("{what:<11} {HOW_TO_MEASURE}");
    }
}
