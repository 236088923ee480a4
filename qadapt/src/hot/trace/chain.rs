//! The regions that are open on this thread, as the trace sees them: closures, guards, manual regions and permits,
//! innermost first.

use core::cell::Cell;
use core::ptr;

use qadapt_spin::Key;
use qadapt_trace::{Event, NewRegion, RegionKind, RegionNumber};

use super::super::announce::Line;
use super::file::{self, Trace};
use crate::model::Place;

/// A region or permit that is open.
///
/// It must stay where it is until [`close`] has taken it off the chain.
#[derive(Debug)]
pub(crate) struct Node {
    outer: Cell<*const Node>,
    role: Cell<Role>,
    /// Bytes live since the entry. Only this thread changes it; what a signal handler adds in between may be lost, and
    /// with it some bytes of a peak.
    live: Cell<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Not in the chain.
    Idle,
    /// In the chain, with no row in the trace, because there was no room for one.
    Nameless {
        manual: bool,
    },
    Region {
        number: RegionNumber,
        manual: bool,
        /// False where the same region is open further out: an event counts in it once.
        counts: bool,
    },
    Permit,
    /// It changes nothing, and is in the chain only so that what was left open inside ends with it.
    Void,
}

/// Nested manual entries that have a node; more of them count as the innermost that has one.
const MANUAL: usize = 4;

thread_local! {
    static INNERMOST: Cell<*const Node> = const { Cell::new(ptr::null()) };
    static MANUAL_NODES: [Node; MANUAL] = const { [const { Node::idle() }; MANUAL] };
}

/// What opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Region(RegionKind),
    /// A region of another thread that lent its policy; none if the trace has no row for it.
    Lent(Option<RegionNumber>),
    Permit,
    /// What changes nothing: a permit that a region forbids, a policy without any rule.
    Nothing,
}

impl Node {
    pub(crate) const fn idle() -> Self {
        Self { outer: Cell::new(ptr::null()), role: Cell::new(Role::Idle), live: Cell::new(0) }
    }

    /// Puts the node on the chain if a trace is written.
    pub(crate) fn open(&self, place: Place, opening: Opening) {
        let Some(trace) = file::active() else { return };
        let role = match opening {
            Opening::Nothing => Role::Void,
            Opening::Permit => Role::Permit,
            Opening::Region(kind) => enter(trace, place, kind),
            Opening::Lent(number) => role(number, false),
        };
        self.role.set(role);
        self.live.set(0);
        let _ = INNERMOST.try_with(|innermost| self.outer.set(innermost.replace(self)));
    }

    /// Takes the node off the chain, and all that are further in: they end with it. Nothing if it is not there.
    pub(crate) fn close(&self) {
        if self.role.get() != Role::Idle && is_open(self) {
            for_each(|node| {
                node.role.set(Role::Idle);
                !ptr::eq(node, self)
            });
            let _ = INNERMOST.try_with(|innermost| innermost.set(self.outer.get()));
        }
    }
}

/// Counts the entry, and says what the region is in the chain.
fn enter(trace: &Trace, place: Place, kind: RegionKind) -> Role {
    let [start, length] = place.name.identity();
    let identity = [start, length, ptr::from_ref(place.location).addr()];
    let key = Key::of(kind as u64, &identity).get().get();
    let number = trace.known_region(key).or_else(|| add(trace, key, place, kind));
    if let Some(number) = number {
        trace.enter(number);
    }
    role(number, kind == RegionKind::Manual)
}

/// Adds a region to the trace.
#[cold]
fn add(trace: &Trace, key: u64, place: Place, kind: RegionKind) -> Option<RegionNumber> {
    let mut name = Line::new();
    place.name.for_each_piece(|piece| {
        name.text(piece.as_bytes());
    });
    trace.region(&NewRegion {
        key,
        kind,
        name: name.so_far(),
        file: place.location.file().as_bytes(),
        line: place.location.line(),
        column: place.location.column(),
    })
}

/// What a region is in the chain.
fn role(number: Option<RegionNumber>, manual: bool) -> Role {
    let Some(number) = number else { return Role::Nameless { manual } };
    let mut counts = true;
    for_each(|node| {
        counts &= !matches!(node.role.get(), Role::Region { number: open, .. } if open == number);
        counts
    });
    Role::Region { number, manual, counts }
}

/// The innermost open region; none if there is none, or it has no row.
pub(crate) fn innermost() -> Option<RegionNumber> {
    let mut innermost = None;
    for_each(|node| match node.role.get() {
        Role::Region { number, .. } => {
            innermost = Some(number);
            false
        }
        Role::Void => true,
        Role::Idle | Role::Nameless { .. } | Role::Permit => false,
    });
    innermost
}

/// `enter_protected` on this thread.
pub(crate) fn open_manual(place: Place) {
    if !file::is_on() {
        return;
    }
    let _ = MANUAL_NODES.try_with(|nodes| {
        if let Some(node) = nodes.iter().find(|node| node.role.get() == Role::Idle) {
            node.open(place, Opening::Region(RegionKind::Manual));
        }
    });
}

/// `exit_protected` on this thread: ends the innermost manual region, and no other.
pub(crate) fn close_manual() {
    let mut inner: *const Node = ptr::null();
    for_each(|node| {
        if !matches!(node.role.get(), Role::Region { manual: true, .. } | Role::Nameless { manual: true }) {
            inner = node;
            return true;
        }
        node.role.set(Role::Idle);
        unlink(inner, node.outer.get());
        false
    });
}

/// Makes `outer` the next one after `inner`; the innermost where that is null.
#[expect(unsafe_code, reason = "open regions lie where they were opened")]
fn unlink(inner: *const Node, outer: *const Node) {
    // SAFETY: it was reached through the chain just now; see `for_each`.
    match unsafe { inner.as_ref() } {
        Some(inner) => inner.outer.set(outer),
        None => {
            let _ = INNERMOST.try_with(|innermost| innermost.set(outer));
        }
    }
}

/// The region to which a disallowed event belongs: the innermost one, or the whole program; and counts it as
/// disallowed in every open region up to the innermost permit.
pub(super) fn disallow(trace: &Trace) -> Option<RegionNumber> {
    let mut innermost = None;
    let mut permitted = false;
    for_each(|node| {
        match node.role.get() {
            Role::Permit => permitted = true,
            Role::Region { number, counts, .. } => {
                innermost = innermost.or(Some(number));
                if counts {
                    trace.count_disallowed(number);
                }
            }
            Role::Idle | Role::Nameless { .. } | Role::Void => {}
        }
        !permitted
    });
    if file::is_whole_program() && !permitted {
        trace.count_disallowed(RegionNumber::FIRST);
        innermost = innermost.or(Some(RegionNumber::FIRST));
    }
    innermost
}

/// Counts an event in every open region; further out than a permit, as permitted. False if none is open.
#[expect(clippy::cast_possible_wrap, reason = "no block is that large")]
pub(super) fn count(trace: &Trace, event: &Event) -> bool {
    let (asked, freed) = event.bytes();
    let change = (asked as i64).wrapping_sub(freed as i64);
    let mut any = false;
    let mut permitted = false;
    for_each(|node| {
        any |= node.role.get() != Role::Void;
        match node.role.get() {
            Role::Permit => permitted = true,
            Role::Region { number, counts: true, .. } if permitted => trace.count_permitted(number, event),
            Role::Region { number, counts, .. } if !permitted => {
                if counts {
                    trace.count(number, event);
                }
                let live = node.live.get().wrapping_add(change);
                node.live.set(live);
                if let Ok(live) = u64::try_from(live) {
                    trace.raise_peak(number, live);
                }
            }
            Role::Region { .. } | Role::Idle | Role::Nameless { .. } | Role::Void => {}
        }
        true
    });
    if file::is_whole_program() {
        any = true;
        if permitted {
            trace.count_permitted(RegionNumber::FIRST, event);
        } else {
            trace.count(RegionNumber::FIRST, event);
            trace.count_live(RegionNumber::FIRST, event);
        }
    }
    any
}

/// True if a permit is open that no region inside it takes back.
pub(super) fn is_permitted() -> bool {
    let mut permitted = false;
    for_each(|node| {
        permitted = node.role.get() == Role::Permit;
        node.role.get() == Role::Void
    });
    permitted
}

fn is_open(node: &Node) -> bool {
    let mut found = false;
    for_each(|open| {
        found = ptr::eq(open, node);
        !found
    });
    found
}

/// Visits the open nodes, innermost first, as long as `visit` returns true.
#[expect(unsafe_code, reason = "open regions lie where they were opened")]
fn for_each(mut visit: impl FnMut(&Node) -> bool) {
    let mut next = INNERMOST.try_with(Cell::get).unwrap_or(ptr::null());
    // SAFETY: a pointer in the chain was set by `open`, whose caller keeps the node in place until `close` has taken it
    // off; only this thread can see it, and it is only ever shared.
    while let Some(node) = unsafe { next.as_ref() } {
        next = node.outer.get();
        if !visit(node) {
            return;
        }
    }
}
