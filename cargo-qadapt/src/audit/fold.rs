//! Many traces become one report.
//!
//! Addresses are taken relative to the files that they lie in, so that runs of one build agree whatever the loader
//! did; names are looked up at the end, once for each distinct address.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use qadapt_code::origin::{Code, Origin, relative};
use qadapt_trace::{ALL_RECORDED, INNER, Module, Table, flags};

use super::kept::Kept;
use super::launch::{is_test_program, name};
use super::read::Trace;
use super::resolve::{Address, Files, Identity, Named, Resolver};
use crate::report::choice::Apart;
use crate::report::figures::{
    By, Counts, Frame, Op, PerProfile, Profile, Region, RegionKind, RegionPlace, Report, Site, SiteCounts,
    VERSION, counts_of,
};
use crate::report::live::{Live, LiveTotal};
use crate::report::spread::Spread;

/// Traces taken in so far.
#[derive(Debug, Default)]
pub struct Fold {
    report: Report,
    by: Option<Apart>,
    /// What stands before the names of programs of tests that are not the only ones of their name, by the program's file name.
    prefixes: HashMap<OsString, String>,
    files: Files,
    regions: HashMap<RegionPlace, usize>,
    stacks: HashMap<Box<[Address]>, u32>,
    sites: HashMap<(usize, u32, Op), PerProfile<SiteCounts>>,
    /// How many regions of traces each region is, in each profile: each of them had a first entry.
    firsts: HashMap<(usize, usize), u64>,
}

impl Fold {
    /// Nothing; what is told apart in regions stays apart.
    #[must_use]
    pub fn new(by: Option<Apart>) -> Self {
        let mut fold =
            Self { by, report: Report { version: VERSION, ..Report::default() }, ..Self::default() };
        // A stack that was lost has number 0.
        fold.stacks.insert(Box::default(), 0);
        fold
    }

    /// Takes the names of programs from these, where another build has replaced them by the end.
    pub fn keep(&mut self, kept: Rc<Kept>) {
        self.files.keep(kept);
    }

    /// Tells tests of these programs from those of others by what stands before the program's name. Cargo gives each program of tests
    /// a file name of its own.
    pub fn tell_apart<'a>(&mut self, programs: impl Iterator<Item = (&'a Path, String)>) {
        let named = programs.filter_map(|(program, prefix)| Some((program.file_name()?.to_owned(), prefix)));
        self.prefixes.extend(named);
    }

    /// Takes in a trace of a run in this profile. Region places below `root` are made relative to it.
    pub fn add(&mut self, profile: &str, trace: &Trace, root: &Path) {
        let profile = self.report.profile(profile);
        self.add_totals(profile, trace);
        let regions: Vec<Option<usize>> = trace
            .regions
            .iter()
            .map(|region| region.as_ref().map(|region| self.add_region(profile, trace, region, root)))
            .collect();
        let modules: Vec<(Module, u32)> = trace
            .modules
            .iter()
            .map(|module| {
                let path = PathBuf::from(trace.text(module.path));
                let build_id = trace.bytes(module.build_id).to_vec();
                (*module, self.files.number(Identity { path, build_id, size: module.file_size }))
            })
            .collect();
        let recorded: u64 = trace.sites.iter().fold(0, |sum, site| sum.saturating_add(site.count));
        let is_whole = recorded >= trace.header.disallowed;
        let mut stacks: HashMap<u32, u32> = HashMap::new();
        let end = trace.header.live.map_or(0, |total| total.clock);
        for (index, site) in trace.sites.iter().enumerate() {
            let live = trace.live.get(index).map(|live| Live::of(live, end)).filter(|live| live.made() > 0);
            if site.count == 0 && live.is_none() {
                // It was looked up for a block that was not made.
                continue;
            }
            let Some(&Some(region)) = regions.get(site.region as usize) else { continue };
            let stack = site.stack.map_or(0, |number| {
                *stacks.entry(number).or_insert_with(|| self.add_stack(trace, number, &modules))
            });
            let counts = self.sites.entry((region, stack, site.op)).or_default();
            counts_of(counts, profile).add(&SiteCounts {
                count: site.count,
                estimate: site.weight,
                bytes: site.bytes,
                largest: site.largest,
                align: site.align,
                variance: site.weight_variance,
                bytes_variance: site.bytes_variance,
                // Events that have no stack may be this site's.
                spread: Spread::of(site.spread.filter(|_| is_whole)),
                live,
            });
        }
    }

    /// The report, with names; and what stood in the way of names.
    #[must_use]
    pub fn finish(self, code: &Code) -> (Report, Vec<String>) {
        let Self { mut report, files, stacks, sites, firsts, .. } = self;
        let mut resolver = Resolver::new(&files, code);
        let mut frames_of = vec![Vec::new(); stacks.len()];
        for (addresses, number) in &stacks {
            frames_of[*number as usize] = resolver.stack(addresses);
        }
        let Named { frames, packages, problems } = resolver.finish();
        for stack in &mut frames_of {
            begin_at_main(&frames, stack);
        }
        (report.frames, report.packages) = (frames, packages);
        // Different addresses can have the same names: then their counts belong together.
        let mut named: HashMap<(usize, &[u32], Op), PerProfile<SiteCounts>> = HashMap::new();
        for ((region, stack, op), counts) in &sites {
            let together = named.entry((*region, &frames_of[*stack as usize], *op)).or_default();
            for (profile, counts) in counts.iter().enumerate() {
                if let Some(counts) = counts {
                    let is_another = together.get(profile).is_some_and(Option::is_some);
                    let sum = counts_of(together, profile);
                    let mut spread = sum.spread;
                    sum.add(counts);
                    if is_another {
                        // Two addresses of one name, as in an unrolled loop, may have been passed in the same entries.
                        spread.add_stack(&counts.spread, firsts.get(&(*region, profile)) == Some(&1));
                        sum.spread = spread;
                    }
                }
            }
        }
        report.sites = named
            .into_iter()
            .map(|((region, stack, op), counts)| Site { region, op, stack: stack.to_vec(), counts })
            .collect();
        report.drop_unused_frames();
        report.sort();
        (report, problems)
    }

    fn add_totals(&mut self, profile: usize, trace: &Trace) {
        let header = &trace.header;
        let totals = &mut self.report.profiles[profile];
        let tables = [Table::Regions, Table::Stacks, Table::Sites];
        let lost = tables
            .iter()
            .fold(trace.unreadable, |sum, table| sum.saturating_add(header.section(*table).lost));
        // A child that became another program at once has nothing to say.
        if header.parent != 0 && header.events == 0 && !header.has(flags::EXITED) {
            totals.lost = totals.lost.saturating_add(lost);
            return;
        }
        let recorded: u64 = trace.sites.iter().fold(0, |sum, site| sum.saturating_add(site.count));
        // What has no entry in a table is no sample; nor is what happened in the regions of a plug-in, which have no rows here.
        let may_be_sampled = lost == 0 && header.disallowed > ALL_RECORDED;
        let is_sampled = may_be_sampled || trace.sites.iter().any(|site| site.weight > site.count);
        // A damaged trace has any numbers: a profile adds them without an overflow.
        totals.add(&Profile {
            name: String::new(),
            processes: 1,
            cut_short: u64::from(!header.has(flags::EXITED)),
            without_allocator: u64::from(trace.is_entered() && !header.has(flags::ALLOCATOR)),
            events: header.events,
            disallowed: header.disallowed,
            unsampled: if is_sampled { header.disallowed.saturating_sub(recorded) } else { 0 },
            lost,
            live: header.live.as_ref().map(LiveTotal::of),
        });
    }

    fn add_region(
        &mut self,
        profile: usize,
        trace: &Trace,
        region: &qadapt_trace::Region,
        root: &Path,
    ) -> usize {
        let name = Some(trace.text(region.name)).filter(|name| !name.is_empty());
        let (file, line) = trace.place(region);
        let place = RegionPlace {
            file: relative(&file, root),
            line,
            column: region.column,
            name,
            by: self.by.and_then(|by| self.whose(by, trace, region)),
            kind: match region.kind {
                qadapt_trace::RegionKind::Plain => RegionKind::Plain,
                qadapt_trace::RegionKind::Policy => RegionKind::Policy,
                qadapt_trace::RegionKind::Guard => RegionKind::Guard,
                qadapt_trace::RegionKind::Manual => RegionKind::Manual,
                qadapt_trace::RegionKind::WholeProgram => RegionKind::WholeProgram,
                qadapt_trace::RegionKind::Counting => RegionKind::Counting,
            },
        };
        let regions = &mut self.report.regions;
        let number = *self.regions.entry(place.clone()).or_insert_with(|| {
            regions.push(Region { place, counts: Vec::new() });
            regions.len() - 1
        });
        *self.firsts.entry((number, profile)).or_default() += 1;
        let counts = Counts {
            calls: region.calls,
            allocs: region.allocs,
            reallocs: region.reallocs,
            deallocs: region.deallocs,
            failed: region.failed,
            bytes: region.bytes,
            freed_bytes: region.freed_bytes,
            peak_bytes: region.peak_bytes,
            disallowed: region.disallowed,
            permitted: region.permitted,
            permitted_bytes: region.permitted_bytes,
            blocking_calls: region.blocking_calls,
            unwatched: region.unwatched,
            spread: Spread::of(region.spread),
        };
        // A forked child inherits the regions, and enters only some.
        let is_entered = Counts { spread: Spread::default(), ..counts } != Counts::default();
        if is_entered {
            counts_of(&mut regions[number].counts, profile).add(&counts);
        }
        number
    }

    /// Whose entries of a region these are.
    fn whose(&self, by: Apart, trace: &Trace, region: &qadapt_trace::Region) -> Option<By> {
        let thread = trace.text(region.thread);
        match by {
            Apart::Thread => {
                Some(By::Thread(thread)).filter(|_| region.kind != qadapt_trace::RegionKind::WholeProgram)
            }
            Apart::Test => {
                let program = trace.text(trace.header.program);
                let program = Path::new(&program);
                let named = trace.text(trace.header.test);
                // A test harness runs each test on a thread of its name, which is a path, and itself on the main one.
                let test = if !named.is_empty() {
                    named
                } else if is_test_program(program) && thread != "main" && is_path(&thread) {
                    thread
                } else {
                    return None;
                };
                let test = format!("{}::{test}", name(program).to_string_lossy());
                let prefix = program.file_name().and_then(|file| self.prefixes.get(file));
                Some(By::Test(match prefix {
                    Some(prefix) => format!("{prefix}/{test}"),
                    None => test,
                }))
            }
        }
    }

    fn add_stack(&mut self, trace: &Trace, number: u32, modules: &[(Module, u32)]) -> u32 {
        let Some(stack) = trace.stack(number) else { return 0 };
        let mut addresses: Vec<Address> = trace
            .frames(&stack)
            .map(|address| {
                // A return address can be the first byte after its function and so after the file.
                let covers = |module: &&(Module, u32)| module.0.start < address && address <= module.0.end;
                match modules.iter().find(covers) {
                    Some((module, file)) => Address { file: *file, offset: address - module.start },
                    None => Address { file: Address::NOWHERE, offset: address },
                }
            })
            .collect();
        if stack.left_out > 0 {
            let gap = Address { file: Address::GAP, offset: stack.left_out.into() };
            addresses.insert(INNER.min(addresses.len()), gap);
        }
        let next = u32::try_from(self.stacks.len()).unwrap_or(0);
        *self.stacks.entry(addresses.into()).or_insert(next)
    }
}

/// True for what can be the path of a function, as a test's name is.
fn is_path(name: &str) -> bool {
    let is_word = |part: &str| part.chars().all(|c| c.is_alphanumeric() || c == '_');
    let begins_well = |part: &str| part.starts_with(|c: char| c.is_alphabetic() || c == '_');
    name.split("::").all(|part| is_word(part) && begins_well(part))
}

/// Cuts off what lies outside of the program's `main`, of a thread's function or of a test: the standard library calls each
/// of them through one function, which is never inlined. What the runtime does by itself before and after keeps its frames.
fn begin_at_main(frames: &[Frame], stack: &mut Vec<u32>) {
    let function = |frame: &u32| frames.get(*frame as usize).map_or("", |frame| frame.function.as_str());
    if let Some(start) =
        stack.iter().position(|frame| function(frame).contains("__rust_begin_short_backtrace"))
    {
        stack.truncate(start);
        // It calls the function through a trait.
        let is_library =
            |frame: &u32| frames.get(*frame as usize).is_some_and(|frame| frame.origin == Origin::Internal);
        if stack.iter().any(|frame| !is_library(frame)) {
            while stack.pop_if(|frame| is_library(frame)).is_some() {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_function_can_be_called_is_no_test() {
        for (thread, expected) in [
            ("counts_one", true),
            ("sums::tests::größer", true),
            ("", false),
            ("tokio-runtime-worker", false),
            ("worker 7", false),
            ("7", false),
            ("sums::", false),
        ] {
            assert_eq!(is_path(thread), expected, "{thread}");
        }
    }
}
