//! A profile as pprof's message, <https://github.com/google/pprof/blob/main/proto/profile.proto>: addresses and the files that they are
//! in, without a name. Whoever reads it finds names in those files, which build ids tell apart.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::files::{self, Code};
use super::message::{Message, Strings};
use crate::hot::profile::sites::{Known, Region};

/// Fields of the messages.
mod field {
    pub(super) mod profile {
        pub(in super::super) const SAMPLE_TYPE: u64 = 1;
        pub(in super::super) const SAMPLE: u64 = 2;
        pub(in super::super) const MAPPING: u64 = 3;
        pub(in super::super) const LOCATION: u64 = 4;
        pub(in super::super) const STRING_TABLE: u64 = 6;
        pub(in super::super) const DROP_FRAMES: u64 = 7;
        pub(in super::super) const TIME_NANOS: u64 = 9;
        pub(in super::super) const PERIOD_TYPE: u64 = 11;
        pub(in super::super) const PERIOD: u64 = 12;
        pub(in super::super) const COMMENT: u64 = 13;
        pub(in super::super) const DEFAULT_SAMPLE_TYPE: u64 = 14;
    }
    pub(super) mod value_type {
        pub(in super::super) const TYPE: u64 = 1;
        pub(in super::super) const UNIT: u64 = 2;
    }
    pub(super) mod sample {
        pub(in super::super) const LOCATION_ID: u64 = 1;
        pub(in super::super) const VALUE: u64 = 2;
        pub(in super::super) const LABEL: u64 = 3;
    }
    pub(super) mod label {
        pub(in super::super) const KEY: u64 = 1;
        pub(in super::super) const STR: u64 = 2;
    }
    pub(super) mod mapping {
        pub(in super::super) const ID: u64 = 1;
        pub(in super::super) const MEMORY_START: u64 = 2;
        pub(in super::super) const MEMORY_LIMIT: u64 = 3;
        pub(in super::super) const FILE_OFFSET: u64 = 4;
        pub(in super::super) const FILENAME: u64 = 5;
        pub(in super::super) const BUILD_ID: u64 = 6;
    }
    pub(super) mod location {
        pub(in super::super) const ID: u64 = 1;
        pub(in super::super) const MAPPING_ID: u64 = 2;
        pub(in super::super) const ADDRESS: u64 = 3;
    }
}

/// What samples have figures of: the names that Go's heap profiles have, in their order.
const TYPES: [[&str; 2]; 4] = [
    ["alloc_objects", "count"],
    ["alloc_space", "bytes"],
    ["inuse_objects", "count"],
    ["inuse_space", "bytes"],
];

/// What pprof leaves out of stacks, with all that is called there: the functions by which the compiler calls the allocator.
const ALLOCATOR: &str =
    r"(.*::)?__rust_(alloc|alloc_zeroed|realloc)|(.*::)?__rg_(alloc|alloc_zeroed|realloc)";

/// A profile that is being written.
struct Writer {
    profile: Message,
    strings: Strings,
    files: Vec<Code>,
    /// The numbers of addresses, from 1.
    locations: BTreeMap<usize, u64>,
}

/// The message, not compressed. `interval` is in bytes.
pub(crate) fn pprof(sites: &[Known], interval: u64, lost: u64) -> Vec<u8> {
    let mut writer = Writer {
        profile: Message::default(),
        strings: Strings::new(),
        files: files::loaded(),
        locations: BTreeMap::new(),
    };
    for [name, unit] in TYPES {
        writer.value_type(field::profile::SAMPLE_TYPE, name, unit);
    }
    for site in sites {
        writer.sample(site);
    }
    writer.mappings();
    writer.locations();
    writer.finish(interval, lost)
}

impl Writer {
    fn text(&mut self, field: u64, text: &str) {
        let number = self.strings.number(text.as_bytes());
        self.profile.number(field, number);
    }

    fn value_type(&mut self, field: u64, name: &str, unit: &str) {
        let [name, unit] = [name, unit].map(|text| self.strings.number(text.as_bytes()));
        self.profile.message(field, |kind| {
            kind.number(field::value_type::TYPE, name);
            kind.number(field::value_type::UNIT, unit);
        });
    }

    fn sample(&mut self, site: &Known) {
        // The addresses are those that calls return to; what calls lies before.
        let calls = site.stack.frames().iter().map(|address| address.saturating_sub(1));
        let locations: Vec<u64> = calls.map(|call| self.location(call)).collect();
        let label = match site.region {
            Region::None => None,
            Region::Named(name) => Some(name.to_string()),
            Region::At(location) => Some(format!("{}:{}", location.file(), location.line())),
        };
        let label = label.map(|text| ["region", &text].map(|text| self.strings.number(text.as_bytes())));
        let (allocated, live) = (site.allocated, site.live);
        self.profile.message(field::profile::SAMPLE, |sample| {
            sample.numbers(field::sample::LOCATION_ID, locations);
            sample
                .numbers(field::sample::VALUE, [allocated.blocks, allocated.bytes, live.blocks, live.bytes]);
            if let Some([key, text]) = label {
                sample.message(field::sample::LABEL, |label| {
                    label.number(field::label::KEY, key);
                    label.number(field::label::STR, text);
                });
            }
        });
    }

    fn location(&mut self, address: usize) -> u64 {
        let next = self.locations.len() as u64 + 1;
        *self.locations.entry(address).or_insert(next)
    }

    fn mappings(&mut self) {
        for (number, file) in (1..).zip(&self.files) {
            let [path, id] = [&file.path, file.id.as_bytes()].map(|text| self.strings.number(text));
            self.profile.message(field::profile::MAPPING, |mapping| {
                mapping.number(field::mapping::ID, number);
                mapping.number(field::mapping::MEMORY_START, file.addresses.start as u64);
                mapping.number(field::mapping::MEMORY_LIMIT, file.addresses.end as u64);
                mapping.number(field::mapping::FILE_OFFSET, file.offset as u64);
                mapping.number(field::mapping::FILENAME, path);
                mapping.number(field::mapping::BUILD_ID, id);
            });
        }
    }

    fn locations(&mut self) {
        for (address, &number) in &self.locations {
            let file = (1..).zip(&self.files).find(|(_, file)| file.addresses.contains(address));
            self.profile.message(field::profile::LOCATION, |location| {
                location.number(field::location::ID, number);
                location.number(field::location::MAPPING_ID, file.map_or(0, |(number, _)| number));
                location.number(field::location::ADDRESS, *address as u64);
            });
        }
    }

    fn finish(mut self, interval: u64, lost: u64) -> Vec<u8> {
        self.text(field::profile::DROP_FRAMES, ALLOCATOR);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        self.profile.number(field::profile::TIME_NANOS, u64::try_from(now.as_nanos()).unwrap_or(0));
        self.value_type(field::profile::PERIOD_TYPE, "space", "bytes");
        self.profile.number(field::profile::PERIOD, interval);
        if lost > 0 {
            self.text(field::profile::COMMENT, &format!("{lost} samples were lost for want of room"));
        }
        self.text(field::profile::DEFAULT_SAMPLE_TYPE, "inuse_space");
        let Self { mut profile, strings, .. } = self;
        for text in strings.list() {
            profile.bytes(field::profile::STRING_TABLE, text);
        }
        profile.into_bytes()
    }
}
