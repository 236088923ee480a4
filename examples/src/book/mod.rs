//! A limit order book that follows a market-data feed: once in memory that was set aside beforehand, once as one
//! would write it without a thought for the allocator.

mod event;
mod fault;
mod feed;
mod header;
mod index;
mod ladder;
mod market;
mod naive;
mod preallocated;
mod slab;
mod summary;

pub use event::{Action, Event, Side};
pub use fault::Fault;
pub use feed::{FeedError, replay};
pub use header::HEADER;
pub use index::Index;
pub use market::market_day;
pub use naive::NaiveBook;
pub use preallocated::{Capacity, OrderBook};
pub use slab::{Order, Slab};
pub use summary::{Price, Summary};
