//! The arguments of the verb.

use std::path::PathBuf;

use clap::Args;

use super::gate::host_of;
use crate::error::{Error, Result};

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
    /// Where browsers find the page behind a proxy, without a path: `https://NAME`. The proxy has to know the port: give `--port` too.
    #[arg(long, value_name = "URL", conflicts_with = "no_sandbox")]
    pub origin: Option<String>,
    /// Runs snippets without a sandbox: for your own code, on a machine without bwrap.
    #[arg(long)]
    pub no_sandbox: bool,
}

/// A port for examples in messages, where none was given.
const EXAMPLE: u16 = 8080;

impl Explore {
    /// Where browsers find the page behind a proxy, as they say it themselves.
    ///
    /// # Errors
    /// If no browser would find it there.
    pub fn proxy(&self) -> Result<Option<String>> {
        let port = if self.port == 0 { EXAMPLE } else { self.port };
        let Some(origin) = &self.origin else {
            return match self.host {
                Some(host) if host.is_unspecified() => Err(Error::Usage(format!(
                    "{host} stands for every address of this machine, and requests must name the one that the page has: give \
                     --host one of this machine's own, or say where browsers find it, as in --port {port} --origin \
                     http://NAME:{port}"
                ))),
                _ => Ok(None),
            };
        };
        let Some(proxy) = as_browsers_say(origin) else {
            return Err(Error::Usage(format!(
                "`{origin}` is not where browsers find the page: give https://NAME or https://NAME:PORT, without a path"
            )));
        };
        if self.port == 0 {
            return Err(Error::Usage(format!(
                "without --port the page is on a port that nobody knows before, and what leads from {origin} to it cannot \
                 know it: give one, as in --port {port}"
            )));
        }
        Ok(Some(proxy))
    }
}

/// An address without a path, as the header `Origin` has it: in small letters, without the port that everybody knows. None
/// if it is no such address.
fn as_browsers_say(origin: &str) -> Option<String> {
    let origin = origin.to_ascii_lowercase();
    let host = host_of(&origin)?;
    // The address of IPv6 is in brackets, and has colons of its own.
    let port = host.rsplit_once(':').map(|(_, port)| port).filter(|port| !port.ends_with(']'));
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return None;
    }
    let known = if origin.starts_with("https:") { ":443" } else { ":80" };
    Some(origin.strip_suffix(known).map_or_else(|| origin.clone(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_browsers_send() {
        for (given, sent) in [
            ("https://explore.example", Some("https://explore.example")),
            ("http://NAME:8080", Some("http://name:8080")),
            ("http://name:80", Some("http://name")),
            ("https://name:443", Some("https://name")),
            ("https://name:80", Some("https://name:80")),
            ("http://[::1]:8080", Some("http://[::1]:8080")),
            ("http://[::80]", Some("http://[::80]")),
            ("http://name:0", None),
            ("http://name:", None),
            ("http://name:PORT", None),
            ("http://name:65536", None),
            ("http://name/", None),
            ("name:8080", None),
        ] {
            assert_eq!(as_browsers_say(given).as_deref(), sent, "{given}");
        }
    }
}
