//! The server: what the gate lets in gets the page, or a job.

use std::io::{self, Read as _, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::Deserialize;
use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use super::ask::{Allocator, Event, Request as Job};
use super::examples::EXAMPLES;
use super::gate::{Asked, Gate};
use super::job::Jobs;
use super::page::{file, page, policy};
use super::source::{Place, Sources};
use crate::error::{Error, Result};

/// The page's server.
pub struct Explorer {
    server: Server,
    gate: Gate,
    jobs: Jobs,
    sources: Sources,
    address: SocketAddr,
    /// Requests that are being answered.
    open: AtomicUsize,
}

impl std::fmt::Debug for Explorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explorer").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How many requests are answered at once.
const MOST_OPEN: usize = 64;

/// How long a request may be, in bytes.
const MOST_ASKED: u64 = 512 << 10;

/// Whose job or report is meant.
#[derive(Deserialize)]
struct Tab {
    tab: String,
}

impl Explorer {
    /// Listens.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn listen(host: Option<IpAddr>, port: u16, jobs: Jobs) -> Result<Self> {
        let host = host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let server = Server::http((host, port))
            .map_err(|e| Error::Usage(format!("could not listen on {}: {e}", SocketAddr::new(host, port))))?;
        let address = server.server_addr().to_ip().unwrap_or(SocketAddr::new(host, port));
        let mut hosts = vec![address.to_string()];
        if host.is_loopback() {
            hosts.push(format!("localhost:{}", address.port()));
        }
        let (toolchain, cargo_home) = jobs.sandbox().toolchain();
        let sources = Sources::new(&jobs.project().sources, cargo_home, toolchain);
        Ok(Self { server, gate: Gate::new(hosts)?, jobs, sources, address, open: AtomicUsize::new(0) })
    }

    /// The page's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}/{}/", self.address, self.gate.token())
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        let explorer = Arc::new(self);
        for request in explorer.server.incoming_requests() {
            // Relaxed: a number that orders nothing.
            if explorer.open.fetch_add(1, Ordering::Relaxed) >= MOST_OPEN {
                explorer.open.fetch_sub(1, Ordering::Relaxed);
                let _ = request.respond(Response::empty(503));
                continue;
            }
            let explorer = Arc::clone(&explorer);
            thread::spawn(move || {
                // A browser that has gone has nothing to be told.
                let _ = explorer.answer(request);
                explorer.open.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    fn answer(&self, mut request: Request) -> io::Result<()> {
        let (method, url) = (request.method().clone(), request.url().to_owned());
        let header = |name: &'static str| {
            let found = request.headers().iter().find(|header| header.field.equiv(name));
            found.map(|header| header.value.as_str())
        };
        let asked = Asked {
            path: url.split('?').next().unwrap_or_default(),
            acts: method != Method::Get,
            host: header("Host"),
            origin: header("Origin"),
            site: header("Sec-Fetch-Site"),
        };
        let Some(path) = self.gate.path(&asked).map(str::to_owned) else {
            return request.respond(text(
                403,
                "This is not for you: open the address that `cargo qadapt explore` printed.\n",
            ));
        };
        match (&method, path.as_str()) {
            (Method::Get, "") => {
                let nonce = Gate::new(Vec::new()).map_err(io::Error::other)?.token().to_owned();
                let page = Response::from_string(page(&nonce));
                let page = with(page, "Content-Type", "text/html; charset=utf-8");
                request.respond(safe(with(page, "Content-Security-Policy", &policy(&nonce))))
            }
            (Method::Get, "project") => {
                let project = self.jobs.project();
                let root = project.root.file_name().unwrap_or_default().to_string_lossy();
                let allocators = Allocator::ALL.into_iter().map(|(_, name)| name);
                let examples = EXAMPLES.iter().map(|example| {
                    let (title, sentence) = example.words();
                    json!({ "name": example.name, "title": title, "sentence": sentence, "code": example.code })
                });
                let about = json!({
                    "name": project.package.as_deref().unwrap_or(&root),
                    "crates": project.crates,
                    "allocators": allocators
                        .filter(|name| project.crates.iter().any(|known| known == name))
                        .collect::<Vec<_>>(),
                    "closed": self.jobs.sandbox().is_closed(),
                    "examples": examples.collect::<Vec<_>>(),
                });
                request.respond(safe(with(
                    Response::from_string(about.to_string()),
                    "Content-Type",
                    "application/json",
                )))
            }
            (Method::Get, name) => match file(name) {
                Some((kind, content)) => {
                    request.respond(safe(with(Response::from_string(content), "Content-Type", kind)))
                }
                None => request.respond(text(404, "There is no such file.\n")),
            },
            (Method::Post, path @ ("run" | "stop" | "report" | "source")) => {
                let mut body = Vec::new();
                request.as_reader().take(MOST_ASKED + 1).read_to_end(&mut body)?;
                if body.len() as u64 > MOST_ASKED {
                    return request.respond(text(413, "The snippet is too long.\n"));
                }
                self.act(path, &body, request)
            }
            _ => request.respond(text(405, "This cannot be done here.\n")),
        }
    }

    fn act(&self, path: &str, body: &[u8], request: Request) -> io::Result<()> {
        let senseless = |e: serde_json::Error| text(400, &format!("This makes no sense: {e}\n"));
        match path {
            "run" => match serde_json::from_slice::<Job>(body) {
                Ok(job) => self.run(&job, request),
                Err(e) => request.respond(senseless(e)),
            },
            "source" => match serde_json::from_slice::<Place>(body).map(|place| self.sources.excerpt(&place))
            {
                Ok(Some(excerpt)) => {
                    let excerpt = Response::from_string(serde_json::to_string(&excerpt)?);
                    request.respond(safe(with(excerpt, "Content-Type", "application/json")))
                }
                Ok(None) => request.respond(text(404, "Its source is not here.\n")),
                Err(e) => request.respond(senseless(e)),
            },
            _ => match serde_json::from_slice::<Tab>(body) {
                Ok(Tab { tab }) if path == "stop" => {
                    self.jobs.stop(&tab);
                    request.respond(safe(Response::empty(204)))
                }
                Ok(Tab { tab }) => match self.jobs.report(&tab) {
                    Ok(Some(page)) => {
                        let page =
                            with(Response::from_data(page), "Content-Type", "text/html; charset=utf-8");
                        request.respond(safe(with(page, "Content-Security-Policy", "sandbox")))
                    }
                    Ok(None) => request.respond(text(404, "There is no report yet.\n")),
                    Err(e) => request.respond(text(500, &format!("{e}\n"))),
                },
                Err(e) => request.respond(senseless(e)),
            },
        }
    }

    /// Answers with one JSON value a line, each as soon as it is known.
    fn run(&self, job: &Job, request: Request) -> io::Result<()> {
        let mut stream = Stream { out: request.into_writer() };
        stream.begin()?;
        let result = self.jobs.run(job, |event| stream.event(event).is_ok());
        if let Err(e) = result {
            stream.event(&Event::Failed { part: super::answer::Part::Debug, text: e.to_string() })?;
        }
        stream.end()
    }
}

/// An answer in chunks, each of which is sent at once.
struct Stream {
    out: Box<dyn Write + Send>,
}

impl Stream {
    fn begin(&mut self) -> io::Result<()> {
        self.out.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-store\r\n\
              X-Content-Type-Options: nosniff\r\nTransfer-Encoding: chunked\r\n\r\n",
        )?;
        self.out.flush()
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        write!(self.out, "{:x}\r\n", line.len())?;
        line.extend_from_slice(b"\r\n");
        self.out.write_all(&line)?;
        self.out.flush()
    }

    fn end(&mut self) -> io::Result<()> {
        self.out.write_all(b"0\r\n\r\n")?;
        self.out.flush()
    }
}

type Text = Response<io::Cursor<Vec<u8>>>;

fn text(status: u16, text: &str) -> Text {
    safe(with(
        Response::from_string(text).with_status_code(status),
        "Content-Type",
        "text/plain; charset=utf-8",
    ))
}

fn with<R: io::Read>(response: Response<R>, name: &'static str, value: &str) -> Response<R> {
    match Header::from_bytes(name, value) {
        Ok(header) => response.with_header(header),
        // Values are texts of this file.
        Err(()) => response,
    }
}

/// What every answer says.
fn safe<R: io::Read>(response: Response<R>) -> Response<R> {
    [
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
    ]
    .into_iter()
    .fold(response, |response, (name, value)| with(response, name, value))
}
