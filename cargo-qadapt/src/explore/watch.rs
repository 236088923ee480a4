//! What a sandbox uses, as the kernel tells (proc(5)).

use std::fs;

use crate::system::children;

/// Bytes of memory that a process and all that descend from it have, shared pages counted for each.
#[must_use]
pub fn memory(process: u32) -> u64 {
    let statm = fs::read_to_string(format!("/proc/{process}/statm")).unwrap_or_default();
    let pages: u64 = statm.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0);
    let own = pages.saturating_mul(rustix::param::page_size() as u64);
    children(process).into_iter().map(memory).fold(own, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_memory_and_one_that_is_not_there_has_none() {
        assert!(memory(std::process::id()) > 1 << 20);
        assert_eq!(memory(u32::MAX), 0);
    }
}
