//! The server: what the gate lets in gets the page, or a job.

use std::io::{self, Read as _, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use super::ask::{Allocator, Event, Request as Job};
use super::changes::{Changes, sources};
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
    /// Where browsers find it.
    origin: String,
    /// Requests that are being answered.
    open: AtomicUsize,
}

impl std::fmt::Debug for Explorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explorer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// How many requests are answered at once.
const MOST_OPEN: usize = 64;

/// How long a request may be, in bytes.
const MOST_ASKED: u64 = 512 << 10;

/// How often it is looked whether somebody still wants to hear of changes.
const LISTENING: Duration = Duration::from_secs(5);

/// A file of the project.
#[derive(Deserialize)]
struct Named {
    file: String,
}

/// Whose job or report is meant.
#[derive(Deserialize)]
struct Tab {
    tab: String,
}

impl Explorer {
    /// Listens; browsers may find it at an address of a proxy, as [`Explore::proxy`](super::args::Explore::proxy) gives it.
    ///
    /// # Errors
    /// If the port is taken.
    pub fn listen(host: Option<IpAddr>, port: u16, proxy: Option<&str>, jobs: Jobs) -> Result<Self> {
        let host = host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let server = Server::http((host, port))
            .map_err(|e| Error::Usage(format!("could not listen on {}: {e}", SocketAddr::new(host, port))))?;
        let address = server.server_addr().to_ip().unwrap_or(SocketAddr::new(host, port));
        let mut origins = vec![format!("http://{address}")];
        if host.is_loopback() {
            origins.push(format!("http://localhost:{}", address.port()));
        }
        for origin in &mut origins {
            // Browsers leave out the port that is everybody's.
            if let Some(short) = origin.strip_suffix(":80") {
                *origin = short.to_owned();
            }
        }
        if let Some(proxy) = proxy {
            origins.insert(0, proxy.to_owned());
        }
        let origin = origins[0].clone();
        let (toolchain, cargo_home) = jobs.sandbox().toolchain();
        let project = jobs.project();
        let sources = Sources::new(&project.root, &project.sources, cargo_home, toolchain);
        Ok(Self { server, gate: Gate::new(origins)?, jobs, sources, origin, open: AtomicUsize::new(0) })
    }

    /// The page's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}/", self.origin, self.gate.token())
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        let explorer = Arc::new(self);
        for request in explorer.server.incoming_requests() {
            // Relaxed: a number that orders nothing.
            if explorer.open.fetch_add(1, Ordering::Relaxed) >= MOST_OPEN {
                explorer.open.fetch_sub(1, Ordering::Relaxed);
                let _ = send(request, Response::empty(503));
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
            return send(
                request,
                text(403, "This is not for you: open the address that `cargo qadapt explore` printed.\n"),
            );
        };
        match (&method, path.as_str()) {
            (Method::Get, "") => {
                let nonce = Gate::new(Vec::new()).map_err(io::Error::other)?.token().to_owned();
                let page = Response::from_string(page(&nonce));
                let page = with(page, "Content-Type", "text/html; charset=utf-8");
                send(request, safe(with(page, "Content-Security-Policy", &policy(&nonce))))
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
                    "features": project.features,
                    "allocators": allocators
                        .filter(|name| project.crates.iter().any(|known| known == name))
                        .collect::<Vec<_>>(),
                    "closed": self.jobs.sandbox().is_closed(),
                    "examples": examples.collect::<Vec<_>>(),
                    "files": sources(&project.folder, &project.root),
                    "targets": project.targets,
                });
                send(
                    request,
                    safe(with(Response::from_string(about.to_string()), "Content-Type", "application/json")),
                )
            }
            (Method::Get, name) => match file(name) {
                Some((kind, content)) => {
                    send(request, safe(with(Response::from_string(content), "Content-Type", kind)))
                }
                None => send(request, text(404, "There is no such file.\n")),
            },
            (Method::Post, path @ ("run" | "stop" | "report" | "source" | "file" | "changes")) => {
                let mut body = Vec::new();
                request.as_reader().take(MOST_ASKED + 1).read_to_end(&mut body)?;
                if body.len() as u64 > MOST_ASKED {
                    return send(request, text(413, "The snippet is too long.\n"));
                }
                self.act(path, &body, request)
            }
            _ => send(request, text(405, "This cannot be done here.\n")),
        }
    }

    fn act(&self, path: &str, body: &[u8], request: Request) -> io::Result<()> {
        let senseless = |e: serde_json::Error| text(400, &format!("This makes no sense: {e}\n"));
        match path {
            "run" => match serde_json::from_slice::<Job>(body) {
                Ok(job) => self.run(&job, request),
                Err(e) => send(request, senseless(e)),
            },
            "changes" => self.changes(request),
            "file" => match serde_json::from_slice::<Named>(body) {
                Ok(Named { file }) => match self.sources.text(&file) {
                    Some(content) => send(request, text(200, &content)),
                    None => send(request, text(404, "There is no such file.\n")),
                },
                Err(e) => send(request, senseless(e)),
            },
            "source" => match serde_json::from_slice::<Place>(body).map(|place| self.sources.excerpt(&place))
            {
                Ok(Some(excerpt)) => {
                    let excerpt = Response::from_string(serde_json::to_string(&excerpt)?);
                    send(request, safe(with(excerpt, "Content-Type", "application/json")))
                }
                Ok(None) => send(request, text(404, "Its source is not here.\n")),
                Err(e) => send(request, senseless(e)),
            },
            _ => match serde_json::from_slice::<Tab>(body) {
                Ok(Tab { tab }) if path == "stop" => {
                    self.jobs.stop(&tab);
                    send(request, safe(Response::empty(204)))
                }
                Ok(Tab { tab }) => match self.jobs.report(&tab) {
                    Ok(Some(page)) => {
                        let page =
                            with(Response::from_data(page), "Content-Type", "text/html; charset=utf-8");
                        send(request, safe(with(page, "Content-Security-Policy", "sandbox")))
                    }
                    Ok(None) => send(request, text(404, "There is no report yet.\n")),
                    Err(e) => send(request, text(500, &format!("{e}\n"))),
                },
                Err(e) => send(request, senseless(e)),
            },
        }
    }

    /// Says when files of the project are written, until nobody listens.
    fn changes(&self, request: Request) -> io::Result<()> {
        let mut changes = match Changes::of(&self.jobs.project().folder) {
            Ok(changes) => changes,
            Err(e) => return send(request, text(500, &format!("{e}\n"))),
        };
        let mut stream = Stream { out: request.into_writer() };
        stream.begin()?;
        loop {
            // That nothing happened is said so that it is noticed where nobody listens.
            let event = match changes.wait(LISTENING) {
                Ok(true) => Event::Changed {},
                Ok(false) => Event::Progress { text: String::new() },
                Err(_) => return stream.end(),
            };
            stream.event(&event)?;
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
            b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nCache-Control: no-store\r\nConnection: close\r\n\
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

/// Answers, and says that no more is asked on this connection: `tiny_http` has a thread for each one that is open, and
/// leaves one that comes at the same moment as another without a thread until some other ends.
fn send<R: io::Read>(request: Request, response: Response<R>) -> io::Result<()> {
    let (status, headers) = (response.status_code(), response.headers().to_vec());
    let mut body = Vec::new();
    response.into_reader().read_to_end(&mut body)?;
    let mut out = request.into_writer();
    write!(out, "HTTP/1.1 {} {}\r\nConnection: close\r\n", status.0, status.default_reason_phrase())?;
    write!(out, "Content-Length: {}\r\n", body.len())?;
    for header in headers {
        write!(out, "{}: {}\r\n", header.field, header.value)?;
    }
    out.write_all(b"\r\n")?;
    out.write_all(&body)?;
    out.flush()
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
