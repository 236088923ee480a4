//! What reports are written as, a file a format.

pub mod changes;
pub mod findings;
pub mod html;
pub mod json;
pub mod name;
pub mod output;
pub mod source;
pub mod style;
pub mod text;
pub mod view;
