//! The arguments of the verb.

use std::path::PathBuf;

use clap::Args;

/// Arguments of `cargo qadapt explore`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Serves a page on this machine alone, whose address holds a secret. Each snippet is built and run in a sandbox made by bwrap \
(Debian's package bubblewrap): without network, home folder or anything to write to that outlasts it.

Builds lie in target/qadapt/explore; they need no network. The first takes as long as the project's dependencies need.")]
pub struct Explore {
    /// The package whose dependencies snippets can use, and its library [default: the one in this folder].
    #[arg(short, long, value_name = "PACKAGE")]
    pub package: Option<String>,
    /// The `Cargo.toml` to use.
    #[arg(long, value_name = "PATH")]
    pub manifest_path: Option<PathBuf>,
    /// The port to listen on [default: one that is free].
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub port: u16,
    /// Opens the page in the browser.
    #[arg(long)]
    pub open: bool,
    /// Listens on this address, so that other machines reach the page.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "no_sandbox")]
    pub host: Option<std::net::IpAddr>,
    /// Where browsers find the page behind a proxy, without a path: `https://NAME`.
    #[arg(long, value_name = "URL", conflicts_with = "no_sandbox")]
    pub origin: Option<String>,
    /// Runs snippets without a sandbox: for your own code, on a machine without bwrap.
    #[arg(long)]
    pub no_sandbox: bool,
}
