//! Bytes that depend on where a checkout lies: those of the paths that the standard library looks up.

use qadapt_code::origin::Origin;

use crate::report::called::bare;
use crate::report::figures::{Counts, Op, PerProfile, RegionKind, RegionPlace, Report, Site, counts_of};

/// What looks up a path and returns it, by its own name: inlined functions have no other.
const LOOK_UP: [&str; 5] = ["current_dir", "current_exe", "canonicalize", "getcwd", "realpath"];

/// The bytes of such paths, for each region and profile. A check holds how often they are asked for, and no bytes.
#[must_use]
pub fn path_bytes(report: &Report) -> Vec<PerProfile<Counts>> {
    let mut regions: Vec<PerProfile<Counts>> = vec![vec![None; report.profiles.len()]; report.regions.len()];
    // The region round the whole program has the events of all others; where tests are told apart each has one.
    let whole = |site: &Site| {
        let by = report.regions.get(site.region).map(|region| &region.place.by);
        let is_round = |place: &RegionPlace| place.kind == RegionKind::WholeProgram && Some(&place.by) == by;
        report.regions.iter().position(|region| is_round(&region.place))
    };
    for site in report.sites.iter().filter(|site| site.op != Op::Dealloc && looks_up_a_path(report, site)) {
        let outer = whole(site).filter(|&whole| whole != site.region);
        for (profile, counts) in site.counts.iter().enumerate() {
            let Some(counts) = counts else { continue };
            for region in std::iter::once(site.region).chain(outer) {
                let found: &mut Counts = counts_of(&mut regions[region], profile);
                found.bytes = found.bytes.saturating_add(counts.bytes);
            }
        }
    }
    regions
}

/// True if the standard library looks up a path for the user's code: with its innermost frames, not further out.
fn looks_up_a_path(report: &Report, site: &Site) -> bool {
    let frames = site.stack.iter().filter_map(|&frame| report.frames.get(frame as usize));
    frames
        .take_while(|frame| frame.origin == Origin::Internal)
        .any(|frame| LOOK_UP.contains(&bare(&frame.function)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::figures::{By, Frame, Region, SiteCounts};

    #[test]
    fn only_what_the_standard_library_looks_up_counts() {
        let mut report = Report::default();
        report.profile("debug");
        let region = |kind| Region {
            place: RegionPlace { file: "src/main.rs".into(), line: 1, column: 1, name: None, kind, by: None },
            counts: vec![Some(Counts::default())],
        };
        report.regions = vec![region(RegionKind::WholeProgram), region(RegionKind::Plain)];
        let frame = |function: &str, origin| Frame {
            function: function.into(),
            file: None,
            line: 1,
            column: 1,
            origin,
        };
        report.frames = vec![
            frame("alloc::alloc::alloc", Origin::Internal),
            frame("std::env::current_dir", Origin::Internal),
            frame("canonicalize<&str>", Origin::Internal),
            frame("mine::current_exe", Origin::Own),
            frame("std::rt::lang_start", Origin::Internal),
        ];
        let site = |region, op, stack: &[u32], bytes| Site {
            region,
            op,
            stack: stack.to_vec(),
            counts: vec![Some(SiteCounts { count: 1, estimate: 1, bytes, ..SiteCounts::default() })],
        };
        report.sites = vec![
            site(1, Op::Alloc, &[0, 1, 3, 4], 1),
            site(1, Op::Realloc, &[0, 2, 3], 2),
            site(0, Op::Alloc, &[0, 1, 3], 4),
            site(1, Op::Dealloc, &[0, 1, 3], 8),
            site(1, Op::Alloc, &[0, 3], 16),
            site(1, Op::Alloc, &[0, 3, 1], 32),
        ];
        let bytes = path_bytes(&report);
        let of = |region: usize| bytes[region][0].map_or(0, |counts: Counts| counts.bytes);
        assert_eq!((of(0), of(1)), (7, 3));
        // Where tests are told apart each has a region round all that it does.
        let mut apart = report.regions.clone();
        for (region, test) in
            report.regions.iter_mut().zip(["one", "one"]).chain(apart.iter_mut().zip(["two", "two"]))
        {
            region.place.by = Some(By::Test(test.into()));
        }
        report.regions.append(&mut apart);
        report.sites.iter_mut().for_each(|site| site.region += 2);
        let bytes = path_bytes(&report);
        let of = |region: usize| bytes[region][0].map_or(0, |counts: Counts| counts.bytes);
        assert_eq!([0, 1, 2, 3].map(of), [0, 0, 7, 3]);
    }
}
