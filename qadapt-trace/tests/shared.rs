//! What is written is read, also by several threads at once, and nothing is lost unsaid.

use std::alloc::{Layout, alloc_zeroed};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use qadapt_trace::{
    At, Call, Event, HEADER_SIZE, Header, InMemory, Module, NewModule, NewRegion, Op, Region, RegionKind,
    Room, STACKS, Sampled, Share, Site, Stack, Table, Trace, flags, text,
};

/// An empty trace. To evaluate a static for each test takes the compiler a second each.
#[expect(unsafe_code, reason = "what is large is not made on the stack")]
#[expect(clippy::cast_ptr_alignment, reason = "it is the layout's")]
fn empty<R>() -> &'static Trace<R> {
    // SAFETY: a trace is some megabytes.
    let memory = unsafe { alloc_zeroed(Layout::new::<Trace<R>>()) };
    // SAFETY: it is of plain numbers, and zeros are an empty one; nobody else has the memory, and nobody gives it back.
    unsafe { memory.cast::<Trace<R>>().as_ref() }.expect("there is memory")
}

fn bytes<R>(trace: &'static Trace<R>) -> &'static [u8] {
    #[expect(unsafe_code, reason = "a trace is written through memory")]
    // SAFETY: the trace is of plain numbers, lives as long as the process, and the test's threads have ended.
    unsafe {
        std::slice::from_raw_parts((&raw const *trace).cast(), Trace::<R>::FILE_SIZE)
    }
}

/// The entries of a table.
fn entries(bytes: &'static [u8], kind: Table) -> impl Iterator<Item = &'static [u8]> {
    let section = Header::parse(bytes).expect("it is a trace").section(kind);
    let start = usize::try_from(section.offset).expect("it fits");
    let length = usize::try_from(section.length()).expect("it fits");
    bytes[start..start + length].chunks_exact(usize::try_from(section.entry_size).expect("it fits"))
}

fn region(key: u64, name: &'static [u8]) -> NewRegion<'static> {
    NewRegion { key, kind: RegionKind::Guard, name, thread: b"", file: b"src/main.rs", line: 3, column: 7 }
}

const ALLOC: Event = Event { op: Op::Alloc, size: 24, old_size: 0, failed: false };

#[test]
fn what_is_written_is_read() {
    let trace = empty::<InMemory>();
    trace.begin(42, 7, flags::CHECKS_ON, b"/opt/radio");
    assert_eq!(trace.known_region(9), None);
    let tick = trace.region(&region(9, b"tick")).expect("there is room");
    assert_eq!((trace.known_region(9), trace.known_region(10)), (Some(tick), None));
    assert_eq!(trace.region(&region(9, b"tick")), Some(tick));
    trace.enter(tick);
    trace.count(tick, &ALLOC);
    trace.count(tick, &Event { op: Op::Realloc, size: 48, old_size: 24, failed: false });
    trace.count(tick, &Event { op: Op::Dealloc, size: 48, old_size: 0, failed: false });
    trace.count(tick, &Event { failed: true, ..ALLOC });
    trace.count_permitted(tick, &ALLOC);
    trace.raise_peak(tick, 48);
    trace.raise_peak(tick, 24);
    trace.count_disallowed(tick);
    let stack = trace.stack(5, &[0x1000, 0x2000], 3, || {});
    trace.site(6, At { region: tick, stack }, &ALLOC, 8, 16);
    trace.module(&NewModule {
        start: 0x1000,
        end: 0x9000,
        path: b"/opt/radio",
        build_id: b"\x01\x02",
        file_size: 5,
    });
    assert!(trace.knows(0x1000) && !trace.knows(0x9000));

    let bytes = bytes(trace);
    let header = Header::parse(bytes).expect("it is a trace");
    assert_eq!((header.pid, header.parent), (42, 7));
    assert!(header.has(flags::CHECKS_ON) && !header.has(flags::EXITED));
    let strings = entries(bytes, Table::Strings).collect::<Vec<_>>().concat();
    assert_eq!(text(&strings, header.program), b"/opt/radio");
    let found = entries(bytes, Table::Regions).next().and_then(Region::parse).expect("there is one");
    assert_eq!((text(&strings, found.name), text(&strings, found.file)), (&b"tick"[..], &b"src/main.rs"[..]));
    assert_eq!((found.kind, found.line, found.column, found.calls), (RegionKind::Guard, 3, 7, 1));
    assert_eq!((found.allocs, found.reallocs, found.deallocs, found.failed), (1, 1, 1, 1));
    assert_eq!((found.bytes, found.freed_bytes, found.peak_bytes, found.disallowed), (72, 72, 48, 1));
    assert_eq!((found.permitted, found.permitted_bytes), (1, 24));
    let found = entries(bytes, Table::Stacks).next().and_then(Stack::parse).expect("there is one");
    let frames = entries(bytes, Table::Frames).collect::<Vec<_>>().concat();
    assert_eq!(found.frames(&frames).collect::<Vec<u64>>(), [0x1000, 0x2000]);
    assert_eq!(found.left_out, 3);
    assert_eq!(found.frames(&frames[..8]).count(), 0, "what is not there is not read");
    let found = entries(bytes, Table::Sites).next().and_then(Site::parse).expect("there is one");
    assert_eq!((found.region, found.stack, found.op, found.align), (0, Some(0), Op::Alloc, 8));
    assert_eq!((found.count, found.weight, found.bytes, found.largest), (1, 16, 16 * 24, 24));
    assert_eq!((found.weight_variance, found.bytes_variance), (16.0 * 15.0, 16.0 * 15.0 * 24.0 * 24.0));
    let found = entries(bytes, Table::Modules).next().and_then(Module::parse).expect("there is one");
    assert_eq!((found.start, found.end, found.file_size), (0x1000, 0x9000, 5));
    assert_eq!(text(&strings, found.build_id), b"\x01\x02");
}

#[test]
fn threads_that_bring_the_same_keys_share_entries() {
    const THREADS: u64 = 4;
    const KEYS: u64 = 500;
    let trace = empty::<InMemory>();
    trace.begin(1, 0, 0, b"");
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for key in 1..=KEYS {
                    let number = trace.region(&region(key << 50 | key, b"x")).expect("there is room");
                    trace.enter(number);
                    trace.count(number, &ALLOC);
                }
            });
        }
    });
    let rows: Vec<Region> = entries(bytes(trace), Table::Regions).filter_map(Region::parse).collect();
    assert_eq!(rows.len() as u64, KEYS);
    assert!(rows.iter().all(|row| (row.calls, row.allocs) == (THREADS, THREADS)));
}

#[test]
fn what_does_not_fit_is_counted_as_lost() {
    let trace = empty::<InMemory>();
    trace.begin(1, 0, 0, b"");
    for key in 1..=STACKS as u64 + 10 {
        let number = trace.stack(
            key.wrapping_mul(0x9E37_79B9_7F4A_7C15),
            &[usize::try_from(key).expect("it fits")],
            0,
            || {},
        );
        assert_eq!(number.is_some(), key <= STACKS as u64, "{key}");
    }
    let section = Header::parse(bytes(trace)).expect("it is a trace").section(Table::Stacks);
    assert_eq!((section.used, section.lost), (STACKS as u64, 10));
}

/// A disk with room for the first 100,000 bytes of a file, which are the header's and the first regions'.
#[derive(Debug)]
enum Small {}

impl Room for Small {
    fn reserve(offset: u64, length: u64) -> bool {
        offset + length <= 100_000
    }
}

#[test]
fn nothing_is_written_where_there_is_no_room() {
    let trace = empty::<Small>();
    trace.begin(1, 0, 0, b"/opt/radio");
    let regions = (1..=1000).filter_map(|key| trace.region(&region(key << 50, b"x"))).count();
    assert!((100..1000).contains(&regions), "{regions}");
    assert_eq!(trace.stack(5, &[0x1000], 0, || {}), None);
    trace.module(&NewModule { start: 1, end: 2, path: b"x", build_id: b"", file_size: 0 });
    assert!(!trace.knows(1));
    let bytes = bytes(trace);
    let header = Header::parse(bytes).expect("it is a trace");
    let used =
        [Table::Regions, Table::Stacks, Table::Modules, Table::Strings].map(|kind| header.section(kind));
    assert_eq!(used.map(|section| section.used), [regions as u64, 0, 0, 0]);
    assert!(used.iter().all(|section| section.lost > 0));
    assert!(bytes[100_000..].iter().all(|&byte| byte == 0), "what has no room stays as it is");
}

#[test]
fn a_child_inherits_regions_without_their_counts() {
    let parent = empty::<InMemory>();
    let child = empty::<InMemory>();
    parent.begin(1, 0, 0, b"/opt/radio");
    let first = parent.region(&region(1, b"first")).expect("there is room");
    let second = parent.region(&region(2, b"second")).expect("there is room");
    parent.enter(second);
    child.begin(2, 1, 0, b"/opt/radio");
    assert!(child.inherit(parent));
    assert_eq!(child.region(&region(1, b"first")), Some(first));
    assert_eq!(child.region(&region(2, b"second")), Some(second));
    child.count(second, &ALLOC);
    let rows: Vec<Region> = entries(bytes(child), Table::Regions).filter_map(Region::parse).collect();
    assert_eq!(rows.iter().map(|row| (row.calls, row.allocs)).collect::<Vec<_>>(), [(0, 0), (0, 1)]);
    let strings = entries(bytes(child), Table::Strings).collect::<Vec<_>>().concat();
    assert_eq!(text(&strings, rows[1].name), b"second");
}

#[test]
fn a_child_inherits_nothing_where_there_is_no_room() {
    static HAS_ROOM: AtomicBool = AtomicBool::new(true);
    enum Closing {}
    impl Room for Closing {
        fn reserve(_: u64, _: u64) -> bool {
            HAS_ROOM.load(Ordering::Relaxed)
        }
    }
    let parent = empty::<Closing>();
    let child = empty::<Closing>();
    parent.begin(1, 0, 0, b"/opt/radio");
    parent.region(&region(1, b"first")).expect("there is room");
    HAS_ROOM.store(false, Ordering::Relaxed);
    child.begin(2, 1, 0, b"/opt/radio");
    assert!(!child.inherit(parent));
    assert_eq!(entries(bytes(child), Table::Regions).count(), 0);
}

#[test]
fn references_to_strings_that_are_not_there_are_empty() {
    let trace = empty::<InMemory>();
    trace.begin(1, 0, 0, b"/opt/radio");
    let program = Header::parse(bytes(trace)).expect("it is a trace").program;
    assert_eq!(text(b"/opt", program), b"");
    assert_eq!(text(b"", program), b"");
}

#[test]
fn entries_that_were_never_written_are_none() {
    for size in [0, 8, 512] {
        let zeros = vec![0; size];
        assert!(Region::parse(&zeros).is_none() && Stack::parse(&zeros).is_none(), "{size}");
        assert!(Site::parse(&zeros).is_none() && Module::parse(&zeros).is_none(), "{size}");
    }
    let ones = [0xFF; 512];
    assert!(Region::parse(&ones).is_none() && Stack::parse(&ones).is_none() && Site::parse(&ones).is_none());
    assert!(Header::parse(&[0xFF; HEADER_SIZE]).is_err());
}

/// Sites of calls are told apart by the call, and a file of version 2.2, whose entries end before what is new, has none.
#[test]
fn a_call_is_an_event_of_its_own() {
    let trace = empty::<InMemory>();
    trace.begin(1, 0, 0, b"");
    let tick = trace.region(&region(9, b"tick")).expect("there is room");
    trace.enter(tick);
    trace.count_unwatched(tick);
    let calls =
        [Op::SystemCall(Call { number: 202, class: 1 }), Op::SystemCall(Call { number: 230, class: 0 })];
    for op in calls {
        let event = Event { op, size: 0, old_size: 0, failed: false };
        trace.count(tick, &event);
        trace.site(op.code(), At { region: tick, stack: None }, &event, 1, 1);
    }
    let bytes = bytes(trace);
    let entry = entries(bytes, Table::Regions).next().expect("there is one");
    let found = Region::parse(entry).expect("it is whole");
    assert_eq!((found.blocking_calls, found.unwatched, found.deallocs, found.freed_bytes), (2, 1, 0, 0));
    let sites: Vec<Site> = entries(bytes, Table::Sites).filter_map(Site::parse).collect();
    assert_eq!(
        sites.iter().map(|site| (site.op, site.count, site.bytes)).collect::<Vec<_>>(),
        [(calls[0], 1, 0), (calls[1], 1, 0)]
    );
    let older = Region::parse(&entry[..entry.len() - 16]).expect("it is whole");
    assert_eq!((older.calls, older.blocking_calls, older.unwatched), (1, 0, 0));
    let codes = [Op::Alloc, Op::AllocZeroed, Op::Realloc, Op::Dealloc, calls[0], calls[1]].map(Op::code);
    let distinct: std::collections::BTreeSet<u64> = codes.into_iter().collect();
    assert_eq!(distinct.len(), codes.len());
}

/// A block that stands for four counts four times, and says how far off that may be.
#[test]
fn a_sample_says_what_is_behind_it() {
    let trace = empty::<InMemory>();
    trace.begin(1, 0, flags::SAMPLED | flags::LEFT_OUT, b"sample");
    let tick = trace.region(&region(1, b"tick")).expect("there is room");
    let at = At { region: tick, stack: None };
    assert_eq!(trace.site(3, at, &ALLOC, 8, 0), Some(0), "it is looked up, and not counted");
    assert_eq!((trace.block_offered(8192), trace.block_offered(1), trace.block_offered(1)), (1, 2, 2));
    let (one, four) = (Share { size: 100, weight: 1 }, Share { size: 10, weight: 4 });
    let births: Vec<u64> = [one, four, four].map(|share| trace.block_made(0, share)).into();
    trace.count_all_disallowed();
    trace.block_gone(0, four, births[1], true);
    trace.block_left(0, four, births[2]);
    trace.block_made(0, four);
    trace.block_resized(0, four, 20);

    let header = Header::parse(&bytes(trace)[..HEADER_SIZE]).expect("it is whole");
    let total = header.live.expect("blocks were followed");
    assert_eq!((total.bytes, total.blocks, total.interval, total.clock), (180, 5, 2, 1));
    let entry = entries(bytes(trace), Table::Sites).next().expect("there is one");
    let live = header.live(entry).expect("blocks were followed");
    assert_eq!((live.bytes, live.blocks, live.inside, live.later, live.lifetime), (180, 5, 4, 0, 4));
    assert_eq!((live.peak_bytes, live.most_bytes, live.births), (180, 180, 4));
    let sampled = Sampled {
        samples: 2,
        variance: 4 * 3 * 20 * 20,
        freed_samples: 1,
        freed_variance: 4 * 3,
        ..live.sampled
    };
    assert_eq!((live.sampled, total.sampled.variance), (sampled, sampled.variance));
    assert_eq!(Site::parse(entry).map(|site| (site.count, site.weight)), Some((0, 0)));
}
