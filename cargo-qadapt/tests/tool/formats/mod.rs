//! Every format on fixed reports, read back by a consumer of it.

mod dhat;
mod folded;
mod github;
mod heap;
mod json;
mod junit;
mod large;
mod markdown;
mod message;
mod outside;
mod pprof;
mod sample;
mod sarif;
mod text;
mod waits;
mod written_down;
