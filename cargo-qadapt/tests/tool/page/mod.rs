//! The page, in headless Chromium.
//!
//! A browser is not everywhere, so these tests are run by `.ci/run`, which installs one. Where one is asked for and
//! there is none, they fail.

mod details;
mod hostile;
mod large;
mod looks;
mod sample;
mod use_by_keys;
mod waits;
mod whole;
