//! The explorer, from outside: as a browser, as another page, and as a snippet that wants out.
//!
//! What needs bwrap, a browser or a minute to build is run by `.ci/run`, which installs them.

mod alone;
mod files;
mod gate;
mod installed;
mod prison;
mod same;
mod server;
mod tabs;
mod user;
