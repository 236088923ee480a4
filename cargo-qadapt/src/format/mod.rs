//! What reports are written as, a file a format.

pub mod changes;
pub mod counted;
pub mod dhat;
pub mod findings;
pub mod folded;
pub mod github;
pub mod html;
pub mod item;
pub mod json;
pub mod junit;
pub mod line;
pub mod markdown;
pub mod name;
pub mod output;
pub mod paths;
pub mod pprof;
pub mod sarif;
pub mod source;
pub mod stacks;
pub mod style;
pub mod text;
pub mod view;
