//! Who may ask: the browser that was given the page's address, and no other page that it shows.
//!
//! Any page may send requests to this machine, and a name that its author controls may be changed to lead here (DNS
//! rebinding). So a request must name this server as its host, come from this page if it says where it comes from, and
//! know the secret in the address.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;

use crate::error::{Error, Result};

/// What a request must match.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Where the page is, as browsers say it: `http://127.0.0.1:4000`.
    origins: Vec<String>,
    token: String,
}

/// What of a request says who asks.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The path, with the secret in front.
    pub path: &'a str,
    /// Whether something is asked to be done, not only shown.
    pub acts: bool,
    /// The header `Host`.
    pub host: Option<&'a str>,
    /// The header `Origin`.
    pub origin: Option<&'a str>,
    /// The header `Sec-Fetch-Site`.
    pub site: Option<&'a str>,
}

impl Gate {
    /// A gate with a new secret, for a server that these addresses without a path lead to.
    ///
    /// # Errors
    /// If the system gives no random bytes.
    pub fn new(origins: Vec<String>) -> Result<Self> {
        let source = std::path::Path::new("/dev/urandom");
        let mut bytes = [0; 16];
        File::open(source)
            .and_then(|mut file| file.read_exact(&mut bytes))
            .map_err(|e| Error::io("read random bytes from", source, e))?;
        let mut token = String::new();
        for byte in bytes {
            let _ = write!(token, "{byte:02x}");
        }
        Ok(Self { origins, token })
    }

    /// The secret.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The path behind the secret; none if this request is to be refused.
    #[must_use]
    pub fn path<'a>(&self, asked: &Asked<'a>) -> Option<&'a str> {
        let host = asked.host?;
        let own = self.origins.iter().find(|origin| host_of(origin) == Some(host))?;
        match asked.origin {
            Some(origin) if origin != own => return None,
            // Browsers name the origin of every request that is no plain GET.
            None if asked.acts => return None,
            _ => {}
        }
        // `none`: the user typed the address.
        if asked.site.is_some_and(|site| site != "same-origin" && site != "none") {
            return None;
        }
        let (token, path) = asked.path.strip_prefix('/')?.split_once('/')?;
        is_same(token, &self.token).then_some(path)
    }
}

/// Compares without telling by its time how much was right.
fn is_same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// The `name:port` of an address without a path, as the header `Host` has it.
#[must_use]
pub fn host_of(origin: &str) -> Option<&str> {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))?;
    (!host.is_empty() && !host.contains(['/', '@', '?', '#'])).then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_page_itself_is_let_in() {
        let origins = ["http://127.0.0.1:80", "http://localhost:80", "https://proxy.example"];
        let gate = Gate::new(origins.map(str::to_owned).to_vec()).expect("random bytes");
        let path = format!("/{}/run", gate.token());
        let good = Asked {
            path: &path,
            acts: true,
            host: Some("localhost:80"),
            origin: Some("http://localhost:80"),
            site: Some("same-origin"),
        };
        assert_eq!(gate.path(&good), Some("run"));
        assert_eq!(gate.path(&Asked { acts: false, origin: None, site: None, ..good }), Some("run"));
        let by_proxy = Asked { host: Some("proxy.example"), origin: Some("https://proxy.example"), ..good };
        assert_eq!(gate.path(&by_proxy), Some("run"));
        let wrong = format!("/{}/run", "0".repeat(32));
        for bad in [
            Asked { path: &wrong, ..good },
            Asked { path: "/run", ..good },
            Asked { path: "", ..good },
            Asked { host: None, ..good },
            Asked { host: Some("evil.example:80"), origin: Some("http://evil.example:80"), ..good },
            Asked { host: Some("localhost:81"), ..good },
            Asked { host: Some("localhost"), ..good },
            Asked { origin: Some("http://127.0.0.1:80"), ..good },
            Asked { origin: Some("https://localhost:80"), ..good },
            Asked { origin: Some("null"), ..good },
            Asked { origin: None, ..good },
            Asked { host: Some("proxy.example"), ..good },
            Asked { origin: Some("https://proxy.example"), ..good },
            Asked { origin: Some("http://proxy.example"), ..by_proxy },
            Asked { site: Some("cross-site"), ..good },
            Asked { site: Some("same-site"), ..good },
        ] {
            assert_eq!(gate.path(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn secrets_differ() {
        let token = || Gate::new(Vec::new()).expect("random bytes").token().to_owned();
        assert!(token() != token() && token().len() == 32);
    }
}
