//! What reports are written as, a file a format.
//!
//! `name` has the formats by name, `view` is what they print and `output` where that goes. For people there is `text`, of `line`,
//! `findings` and `style`; `markdown` and `changes` are for pull requests, `github`, `junit` and `sarif` for CI, of each `item`
//! at its `paths`; `html` is for browsers, `json` for programs, and `dhat`, `folded` and `pprof` are for viewers of `stacks`.
//! `source` has lines of the user's source, and `counted` puts numbers into words.

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
