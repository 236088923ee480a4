//! `cargo qadapt explore`: a page on which a snippet is audited and proven while it is typed.
//!
//! `server` answers the browser that `gate` lets in, with the files of `page`. A snippet becomes a program (`snippet`) of a
//! package that depends on the project's crates (`project`). A job (`job`) has its parts made in a sandbox (`sandbox`), each
//! by a process of this command (`work`) that calls what `audit` and `prove` call; `answer` is what these say, and `ask` what
//! the page and the server say to each other. `assembly` and `source` are there to be looked at.

pub mod answer;
pub mod args;
pub mod ask;
pub mod assembly;
pub mod examples;
pub mod gate;
pub mod job;
pub mod page;
pub mod project;
pub mod sandbox;
pub mod server;
pub mod snippet;
pub mod source;
pub mod verb;
pub mod watch;
pub mod work;
