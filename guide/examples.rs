//! The guide's examples as documentation tests: each block of Rust in a chapter is compiled and run.
//!
//! The chapters that the guide takes from elsewhere have their tests there.

/// Makes a chapter's examples tests.
macro_rules! chapters {
    ($($name:ident: $file:literal,)*) => {
        $(
            #[cfg(doctest)]
            #[doc = include_str!($file)]
            mod $name {}
        )*
    };
}

chapters! {
    introduction: "src/introduction.md",
    start: "src/start.md",
    questions: "src/questions.md",
    audio: "src/jobs/audio.md",
    loops: "src/jobs/loops.md",
    parsers: "src/jobs/parsers.md",
    games: "src/jobs/games.md",
    embedded: "src/jobs/embedded.md",
    services: "src/jobs/services.md",
    library: "src/jobs/library.md",
    team: "src/jobs/team.md",
    fix: "src/fix.md",
    blocking: "src/blocking.md",
    c: "src/c.md",
    plugins: "src/plugins.md",
    troubleshooting: "src/troubleshooting.md",
    limits: "src/limits.md",
    how: "src/how.md",
    cost: "src/cost.md",
    comparison: "src/comparison.md",
}
