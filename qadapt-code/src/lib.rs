//! What an audit and a proof both say of code: whose a frame is, which function a line lies in, and what to do instead.
//!
//! [`origin`] tells by its file whose code a function is; [`items`] reads the functions of a source file, for names that debug
//! information cuts short. [`glob`] has the patterns of `qadapt.toml`, [`near`] what may have been meant by one that matches nothing,
//! [`advice`] a piece of the catalogue as reports carry it, and [`map`] the one unsafe call of the tools that read files.

pub mod advice;
pub mod glob;
pub mod items;
pub mod map;
pub mod near;
pub mod origin;
