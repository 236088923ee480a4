//! `cargo qadapt explore`: a page on which a snippet is audited and proven while it is typed.
//!
//! `server` answers the browser that `gate` lets in, with the files of `page`, over `http`. A snippet becomes a program (`snippet`) of a
//! package that depends on the project's crates (`project`). A job (`job`) has its parts (`running`) made in a sandbox (`sandbox`), each
//! by a process of this command (`work`) that calls what `audit` and `prove` call; `answer` is what these say, `mistakes` what the
//! compiler does, and `ask` what the page and the server say to each other. `assembly` and `source` are there to be looked at. A
//! job can be a test, bench, example or binary of the project in place of a snippet (`target`); `changes` says when its files
//! were written.

pub mod answer;
pub mod args;
pub mod ask;
pub mod assembly;
pub mod changes;
pub mod examples;
pub mod gate;
pub mod http;
pub mod job;
pub mod mistakes;
pub mod page;
pub mod project;
pub mod running;
pub mod sandbox;
pub mod server;
pub mod snippet;
pub mod source;
pub mod target;
pub mod verb;
pub mod watch;
pub mod work;
