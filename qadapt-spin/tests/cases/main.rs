//! The primitives case by case, and with threads. Each test makes what it uses, so that all share a process.
#![cfg(not(loom))]

mod blocks;
mod key;
mod lock;
mod mailboxes;
mod stack_pool;
mod stack_table;
