//! What the model counts: events, budgets and counting regions.

use qadapt::Ops;

/// The kinds of requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Alloc,
    Zeroed,
    Grow,
    Shrink,
    Dealloc,
}

/// One call of the allocator. Of a deallocation the size is what is given back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request {
    pub(crate) kind: Kind,
    pub(crate) size: usize,
    pub(crate) old_size: usize,
}

impl Request {
    pub(crate) fn ops(self) -> Ops {
        match self.kind {
            Kind::Alloc => Ops::ALLOC,
            Kind::Zeroed => Ops::ZEROED,
            Kind::Grow => Ops::GROW,
            Kind::Shrink => Ops::SHRINK,
            Kind::Dealloc => Ops::DEALLOC,
        }
    }

    fn asked(self) -> u64 {
        if self.kind == Kind::Dealloc { 0 } else { number(self.size) }
    }

    fn freed(self) -> u64 {
        number(if self.kind == Kind::Dealloc { self.size } else { self.old_size })
    }

    fn is_for_memory(self) -> bool {
        self.kind != Kind::Dealloc
    }
}

/// What has been used of a budget.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    allocs: u64,
    requests: u64,
    bytes: u64,
    live: i64,
}

impl Used {
    pub(crate) fn add(&mut self, request: Request) {
        self.allocs += u64::from(matches!(request.kind, Kind::Alloc | Kind::Zeroed));
        self.requests += u64::from(request.is_for_memory());
        self.bytes += request.asked();
        self.live += signed(request.asked()) - signed(request.freed());
    }
}

/// A budget's limits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) allocs: u64,
    pub(crate) requests: u64,
    pub(crate) bytes: u64,
    pub(crate) peak: u64,
}

impl Limits {
    /// True if a request on top of what was used breaks a limit.
    pub(crate) fn are_broken(self, used: Used, request: Request) -> bool {
        let mut then = used;
        then.add(request);
        request.is_for_memory()
            && (then.allocs > used.allocs && then.allocs > self.allocs
                || then.requests > self.requests
                || then.bytes > self.bytes
                || then.live > used.live && then.live > signed(self.peak))
    }
}

/// What a counting region has counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) allocs: u64,
    pub(crate) reallocs: u64,
    pub(crate) deallocs: u64,
    pub(crate) failed: u64,
    pub(crate) asked: u64,
    pub(crate) freed: u64,
    pub(crate) live: i64,
    pub(crate) peak: i64,
    pub(crate) blocks: i64,
    pub(crate) peak_blocks: i64,
}

impl Tally {
    pub(crate) fn add(&mut self, request: Request, refused: bool) {
        if refused {
            self.failed += 1;
            return;
        }
        match request.kind {
            Kind::Alloc | Kind::Zeroed => {
                self.allocs += 1;
                self.blocks += 1;
            }
            Kind::Grow | Kind::Shrink => self.reallocs += 1,
            Kind::Dealloc => {
                self.deallocs += 1;
                self.blocks -= 1;
            }
        }
        self.peak_blocks = self.peak_blocks.max(self.blocks);
        self.asked += request.asked();
        self.freed += request.freed();
        self.live += signed(request.asked()) - signed(request.freed());
        self.peak = self.peak.max(self.live);
    }
}

fn number(size: usize) -> u64 {
    u64::try_from(size).expect("small")
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("small")
}
