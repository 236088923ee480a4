//! Looking up an address by its name.

use crate::entry::{Call, Entry};
use crate::on::On;

pub(super) const ENTRY: Entry = Entry {
    id: "name-lookup",
    habit: "an address is looked up by its name",
    advice: "look names up before the region and keep the addresses, in a task with `tokio::net::lookup_host`",
    calls: &[
        Call::of("std::net::socket_addr", "to_socket_addrs"),
        Call::of("core::net::socket_addr", "to_socket_addrs"),
        Call::of("std::sys::net", "lookup_host"),
    ],
    on: On::WAIT,
    ..Entry::COMMON
};
