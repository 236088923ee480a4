//! What is counted, and how much it should cost.

use core::fmt;

/// Where a shape is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the program's own crate, in a plain release build.
    Binary,
    /// In a library crate, in a plain release build: thread-locals are reached in another way there.
    Library,
    /// In the program's own crate, with link-time optimisation over all crates.
    FatLto,
}

impl Place {
    /// The word in tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::Library => "library",
            Self::FatLto => "fat-lto",
        }
    }

    /// The first argument of a counted program.
    #[must_use]
    pub const fn argument(self) -> &'static str {
        match self {
            Self::Binary | Self::FatLto => "binary",
            Self::Library => "library",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Something to count: the guarded half of a shape against its bare half.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its name.
    pub name: &'static str,
    /// Where it is counted, each with the instructions that it should add at most.
    pub places: &'static [(Place, Option<i64>)],
    /// What the bare half runs under.
    pub bare: Program,
    /// What the guarded half runs under.
    pub guarded: Program,
}

/// A counted program, by its global allocator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// An explicit `System`.
    System,
    /// The guard around it.
    Guard,
    /// The guard around `Deferring<System>`.
    Deferring,
    /// The guard around `System`, with C's allocation functions watched.
    Malloc,
    /// The same around `Direct`.
    Direct,
    /// The guard around `System`, with the feature `profile`.
    Profiled,
}

impl Program {
    /// All that are programs of their own.
    pub const ALL: [Self; 5] = [Self::System, Self::Guard, Self::Deferring, Self::Malloc, Self::Direct];

    /// The name of its binary.
    #[must_use]
    pub const fn binary(self) -> &'static str {
        match self {
            Self::System => "counted_system",
            Self::Guard => "counted_qadapt",
            Self::Deferring => "counted_deferring",
            Self::Malloc => "counted_malloc",
            Self::Direct => "counted_direct",
            Self::Profiled => "counted_qadapt_profile",
        }
    }
}

const EVERYWHERE: &[(Place, Option<i64>)] =
    &[(Place::Binary, None), (Place::Library, None), (Place::FatLto, None)];
const PLAIN_REGION: &[(Place, Option<i64>)] =
    &[(Place::Binary, Some(4)), (Place::Library, Some(12)), (Place::FatLto, Some(4))];
const SCOPE: &[(Place, Option<i64>)] =
    &[(Place::Binary, Some(12)), (Place::Library, None), (Place::FatLto, Some(12))];
const MANUAL: &[(Place, Option<i64>)] =
    &[(Place::Binary, Some(55)), (Place::Library, None), (Place::FatLto, Some(55))];
const NESTED: &[(Place, Option<i64>)] = &[(Place::Binary, Some(130)), (Place::FatLto, Some(130))];
const COUNT: &[(Place, Option<i64>)] =
    &[(Place::Binary, Some(62)), (Place::Library, None), (Place::FatLto, Some(62))];
const POLL: &[(Place, Option<i64>)] =
    &[(Place::Binary, Some(8)), (Place::Library, None), (Place::FatLto, Some(8))];

/// All of them; `src/shapes.rs` has their code.
pub const SHAPES: &[Shape] = &[
    allocating("pair", &[(Place::Binary, Some(6)), (Place::FatLto, Some(4))]),
    allocating("pair-permitted", &[(Place::Binary, Some(8)), (Place::FatLto, Some(8))]),
    allocating("pair-counted", &[(Place::Binary, None), (Place::FatLto, None)]),
    allocating("pair-violating", &[(Place::Binary, Some(80)), (Place::FatLto, Some(80))]),
    Shape {
        name: "pair-deferring",
        places: &[(Place::Binary, Some(2)), (Place::FatLto, Some(2))],
        bare: Program::Guard,
        guarded: Program::Deferring,
    },
    Shape {
        name: "pair-profiled",
        places: &[(Place::Binary, Some(6)), (Place::FatLto, Some(6))],
        bare: Program::Guard,
        guarded: Program::Profiled,
    },
    Shape {
        name: "pair-idle",
        places: &[(Place::Binary, Some(2)), (Place::FatLto, Some(2))],
        bare: Program::Guard,
        guarded: Program::Profiled,
    },
    profiled("region-profiled", PLAIN_REGION),
    profiled("permit-profiled", SCOPE),
    profiled("policy-profiled", SCOPE),
    with_c_watched("pair-c", &[(Place::Binary, Some(10)), (Place::FatLto, Some(10))]),
    with_c_watched("pair-beside-c", &[(Place::Binary, None), (Place::FatLto, None)]),
    Shape {
        guarded: Program::Direct,
        ..with_c_watched("pair-past-c", &[(Place::Binary, Some(0)), (Place::FatLto, Some(0))])
    },
    calling("region", PLAIN_REGION),
    calling("region-nested", EVERYWHERE),
    calling("region-result", PLAIN_REGION),
    calling("attribute", PLAIN_REGION),
    calling("attribute-leaf", PLAIN_REGION),
    calling("attribute-tail", PLAIN_REGION),
    calling("permit", SCOPE),
    calling("policy", SCOPE),
    calling("enter-exit", MANUAL),
    calling("enter-nested", NESTED),
    calling("guard", &[(Place::Binary, Some(110)), (Place::FatLto, Some(110))]),
    calling("region-in-guard", NESTED),
    calling("count", COUNT),
    allocating("count-pair", &[(Place::Binary, Some(90)), (Place::FatLto, Some(90))]),
    calling("poll", POLL),
    calling("poll-dyn", &[(Place::Binary, Some(12)), (Place::Library, None), (Place::FatLto, Some(12))]),
    calling("poll-counted", &[(Place::Binary, Some(85)), (Place::FatLto, Some(85))]),
    calling("poll-policy", &[(Place::Binary, None), (Place::FatLto, None)]),
];

const fn allocating(name: &'static str, places: &'static [(Place, Option<i64>)]) -> Shape {
    Shape { name, places, bare: Program::System, guarded: Program::Guard }
}

const fn with_c_watched(name: &'static str, places: &'static [(Place, Option<i64>)]) -> Shape {
    Shape { name, places, bare: Program::Guard, guarded: Program::Malloc }
}

/// A region where the heap is sampled.
const fn profiled(name: &'static str, places: &'static [(Place, Option<i64>)]) -> Shape {
    Shape { name, places, bare: Program::Profiled, guarded: Program::Profiled }
}

const fn calling(name: &'static str, places: &'static [(Place, Option<i64>)]) -> Shape {
    Shape { name, places, bare: Program::Guard, guarded: Program::Guard }
}
