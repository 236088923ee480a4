//! A limit order book that follows a market-data feed in memory set aside beforehand.
//!
//! `cargo run -p qadapt-examples --example order_book` replays the feed that the package ships and prints what the
//! whole hot path asked of the allocator: nothing. With `-- --naive` the same feed goes through a book of maps and
//! strings, for comparison. Exit codes: 0 done, 2 could not run.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use qadapt::{Counts, count_alloc};
use qadapt_examples::book::{Capacity, NaiveBook, OrderBook, Summary, market_day, replay};
use qadapt_examples::cli::{HOW_TO_MEASURE, data_file};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const USAGE: &str =
    "arguments: [--naive] [FILE.csv], or --generate FILE.csv to write the feed that the package ships";

/// Prices from 80.00 to 120.00: more than the share moves in a day.
const CAPACITY: Capacity = Capacity { orders: 4096, lowest: 8_000, highest: 12_000 };

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("order_book: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut naive = false;
    let mut input = data_file("market_day.csv");
    let mut arguments = std::env::args_os().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--naive") => naive = true,
            Some("--generate") => {
                let path = PathBuf::from(arguments.next().ok_or(USAGE)?);
                return std::fs::write(&path, market_day(8000)).map_err(|error| at(&path, &error));
            }
            Some(option) if option.starts_with('-') => return Err(format!("{option}? {USAGE}").into()),
            _ => input = argument.into(),
        }
    }
    let feed = std::fs::read_to_string(&input).map_err(|error| at(&input, &error))?;
    let (counts, summary) = if naive { follow_naively(&feed) } else { follow(&feed) }
        .map_err(|error| at(&input, error.as_ref()))?;
    println!("book        {}", if naive { "naive" } else { "preallocated" });
    print!("{summary}");
    if counts.is_measured() {
        println!("hot path    {counts}");
    } else {
        println!("hot path    {HOW_TO_MEASURE}");
    }
    Ok(())
}

/// Replays the feed in the preallocated book, each line in a protected region, and counts all lines together.
fn follow(feed: &str) -> Result<(Counts, Summary), Box<dyn Error + '_>> {
    let mut book = OrderBook::new(CAPACITY);
    let (counts, result) = count_alloc(|| replay(feed, |line| book.on_line(line)));
    result?;
    Ok((counts, book.summary()))
}

/// Replays the feed in the naive book, unprotected, and counts the same stretch of code.
fn follow_naively(feed: &str) -> Result<(Counts, Summary), Box<dyn Error + '_>> {
    let mut book = NaiveBook::default();
    let (counts, result) = count_alloc(|| replay(feed, |line| book.on_line(line)));
    result?;
    Ok((counts, book.summary()))
}

/// An error, and the file that it is about.
fn at(path: &Path, error: &dyn Error) -> Box<dyn Error> {
    format!("{}: {error}", path.display()).into()
}
