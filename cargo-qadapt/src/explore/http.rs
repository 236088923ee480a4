//! HTTP as far as the page and its browser speak it: one request on each connection.
//!
//! A server that is made for more waits for the whole of a request before it refuses it, however long that takes. Here
//! nothing that a stranger sends, or does not send, is waited for longer than a minute, and a refusal not at all.

use std::collections::VecDeque;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a head may take. Browsers open connections before they know what to ask.
const HEAD: Duration = Duration::from_secs(60);

/// How long nothing of an answer may be taken.
const WRITE: Duration = Duration::from_secs(10);

/// How long a body may take.
const BODY: Duration = Duration::from_secs(30);

/// How long what is still on its way is taken in after an answer: closed at once, the connection would be reset, and
/// the answer lost.
const LINGER: Duration = Duration::from_secs(1);

/// How long a head may be, in bytes.
const MOST_HEAD: u64 = 32 << 10;

/// How much is taken in after an answer, in bytes.
const MOST_LEFT: u64 = 2 << 20;

/// How many connections may be open on which nobody has shown the secret.
const MOST_STRANGERS: usize = 64;

/// The lines before the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// As in `GET`.
    pub method: String,
    /// The address without the host.
    pub target: String,
    headers: Vec<(String, String)>,
    /// How many bytes follow; none if it is not told in advance.
    length: Option<u64>,
}

impl Head {
    /// Reads it; none if it is no head of HTTP/1.
    #[must_use]
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !version.starts_with("HTTP/1.") {
            return None;
        }
        let headers: Option<Vec<(String, String)>> = lines
            .take_while(|line| !line.is_empty())
            .map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
                is_name.then(|| (name.to_owned(), value.trim().to_owned()))
            })
            .collect();
        let mut head =
            Self { method: method.to_owned(), target: target.to_owned(), headers: headers?, length: None };
        head.length = match (head.header("Transfer-Encoding"), head.header("Content-Length")) {
            (Some(_), _) => None,
            (None, Some(length)) => Some(length.parse().ok()?),
            (None, None) => Some(0),
        };
        Some(head)
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| value.as_str())
    }
}

/// A connection that is read until a moment, and not longer.
#[derive(Debug)]
struct Timed {
    stream: TcpStream,
    end: Instant,
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(buffer)
    }
}

/// A request whose head was read.
#[derive(Debug)]
pub struct Request {
    /// What it says.
    pub head: Head,
    connection: BufReader<Timed>,
    /// Whether a body was left where it is.
    is_unread: bool,
}

/// Why there is no body.
#[derive(Debug)]
pub enum NoBody {
    /// It is longer than it may be.
    TooLong,
    /// It is not told how long it is.
    Endless,
    /// The connection failed, or it took too long.
    Io(io::Error),
}

impl Request {
    /// Reads the head; none after one that makes no sense, which is answered.
    ///
    /// # Errors
    /// If the connection ends before, or it takes too long.
    pub fn read(stream: TcpStream) -> io::Result<Option<Self>> {
        // Events are sent as they come.
        stream.set_nodelay(true)?;
        // A browser that is stopped holds up what writes to it, and a job's limits with that.
        stream.set_write_timeout(Some(WRITE))?;
        let mut connection = BufReader::new(Timed { stream, end: Instant::now() + HEAD });
        let mut bytes = Vec::new();
        let mut limited = connection.by_ref().take(MOST_HEAD);
        while !bytes.ends_with(b"\r\n\r\n") {
            if limited.read_until(b'\n', &mut bytes)? == 0 {
                if limited.limit() > 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                break;
            }
        }
        let is_whole = bytes.ends_with(b"\r\n\r\n");
        let head = std::str::from_utf8(&bytes).ok().filter(|_| is_whole).and_then(Head::parse);
        match head {
            Some(head) => Ok(Some(Self { is_unread: head.length != Some(0), head, connection })),
            None => finish(connection, &Answer::text(400, "This is no request.\n"), true).map(|()| None),
        }
    }

    /// Reads the body.
    ///
    /// # Errors
    /// If it is too long, or does not come.
    pub fn body(&mut self, most: u64) -> Result<Vec<u8>, NoBody> {
        let length = self.head.length.ok_or(NoBody::Endless)?;
        if length > most {
            return Err(NoBody::TooLong);
        }
        let timed = self.connection.get_mut();
        timed.end = Instant::now() + BODY;
        if self.head.header("Expect").is_some() {
            timed.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").map_err(NoBody::Io)?;
        }
        let mut body = Vec::new();
        let read = self.connection.by_ref().take(length).read_to_end(&mut body).map_err(NoBody::Io)?;
        if read as u64 != length {
            return Err(NoBody::Io(ErrorKind::UnexpectedEof.into()));
        }
        self.is_unread = false;
        Ok(body)
    }

    /// Answers, which ends the connection.
    ///
    /// # Errors
    /// If the other end has gone.
    pub fn answer(self, answer: &Answer) -> io::Result<()> {
        finish(self.connection, answer, self.is_unread)
    }

    /// The connection, for an answer in parts.
    #[must_use]
    pub fn into_stream(self) -> TcpStream {
        self.connection.into_inner().stream
    }
}

/// Answers, takes in what is still on its way for a moment, and closes.
fn finish(mut connection: BufReader<Timed>, answer: &Answer, is_unread: bool) -> io::Result<()> {
    let timed = connection.get_mut();
    timed.stream.write_all(&answer.bytes())?;
    if is_unread {
        timed.stream.shutdown(Shutdown::Write)?;
        timed.end = Instant::now() + LINGER;
        io::copy(&mut connection.take(MOST_LEFT), &mut io::sink())?;
    }
    Ok(())
}

/// A status, headers and a body.
#[derive(Clone, Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    /// What every answer says, with a body of this kind.
    #[must_use]
    pub fn new(status: u16, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut headers = vec![("Content-Type", kind.to_owned())];
        headers.extend(
            [
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
            ]
            .map(|(name, value)| (name, value.to_owned())),
        );
        Self { status, headers, body: body.into() }
    }

    /// A text.
    #[must_use]
    pub fn text(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", text)
    }

    /// JSON.
    #[must_use]
    pub fn json(text: String) -> Self {
        Self::new(200, "application/json", text)
    }

    /// A page that may do what this policy says.
    #[must_use]
    pub fn page(page: impl Into<Vec<u8>>, policy: &str) -> Self {
        let mut answer = Self::new(200, "text/html; charset=utf-8", page);
        answer.headers.push(("Content-Security-Policy", policy.to_owned()));
        answer
    }

    fn bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            204 => "No Content",
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            411 => "Length Required",
            413 => "Content Too Large",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        };
        let mut head = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\n", self.status);
        let length = self.body.len().to_string();
        let headers = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in headers.chain([("Content-Length", length.as_str())]) {
            for part in [name, ": ", value, "\r\n"] {
                head.push_str(part);
            }
        }
        head.push_str("\r\n");
        [head.as_bytes(), &self.body].concat()
    }
}

/// The connections on which nobody has shown the secret, the oldest first. Where there are too many the oldest is
/// closed: a browser sends its request at once, so strangers who keep theirs open do not keep it out.
#[derive(Debug, Default)]
pub struct Strangers {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    next: u64,
    connections: VecDeque<(u64, TcpStream)>,
}

/// One of them, as long as it is one.
#[derive(Debug)]
pub struct Stranger<'a> {
    number: u64,
    among: &'a Strangers,
}

impl Strangers {
    /// Takes one in.
    ///
    /// # Errors
    /// If the process may open no more files.
    pub fn enter(&self, stream: &TcpStream) -> io::Result<Stranger<'_>> {
        let stream = stream.try_clone()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.next += 1;
        let number = known.next;
        known.connections.push_back((number, stream));
        if known.connections.len() > MOST_STRANGERS
            && let Some((_, oldest)) = known.connections.pop_front()
        {
            // Its thread finds that it has ended.
            let _ = oldest.shutdown(Shutdown::Both);
        }
        Ok(Stranger { number, among: self })
    }
}

impl Drop for Stranger<'_> {
    fn drop(&mut self) {
        let mut known = self.among.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.connections.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_read_as_browsers_and_proxies_write_them() {
        let head = Head::parse(
            "POST /a/run?x HTTP/1.1\r\nhost: a:1\r\nORIGIN:  http://a:1 \r\nContent-Length: 7\r\n\r\n",
        )
        .expect("a head");
        assert_eq!((head.method.as_str(), head.target.as_str()), ("POST", "/a/run?x"));
        assert_eq!((head.header("Host"), head.header("Origin")), (Some("a:1"), Some("http://a:1")));
        assert_eq!((head.header("Expect"), head.length), (None, Some(7)));
        let length =
            |lines: &str| Head::parse(&format!("GET / HTTP/1.0\r\n{lines}\r\n")).map(|head| head.length);
        assert_eq!(length(""), Some(Some(0)));
        assert_eq!(length("Transfer-Encoding: chunked\r\nContent-Length: 7\r\n"), Some(None));
        assert_eq!(length("Content-Length: -1\r\n"), None);
        assert_eq!(length("Content-Length: 18446744073709551616\r\n"), None);
        for wrong in [
            "",
            "GET /\r\n\r\n",
            "GET / HTTP/2.0\r\n\r\n",
            "GET / b HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "GET / HTTP/1.1\r\nA: b\r\n Host: a\r\n\r\n",
        ] {
            assert_eq!(Head::parse(wrong), None, "{wrong:?}");
        }
    }
}
