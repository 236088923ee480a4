//! The server: what the gate lets in gets the page, or a job.

use std::io::{self, BufWriter, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::ask::{Allocator, Event, Request as Job};
use super::changes::{Changes, sources};
use super::examples::EXAMPLES;
use super::gate::{Asked, Gate};
use super::http::{Answer, NoBody, Request, Strangers};
use super::job::Jobs;
use super::page::{file, page, policy};
use super::source::{SourceLine, Sources};
use crate::error::{Error, Result};

/// The page's server.
pub struct Explorer {
    listener: TcpListener,
    gate: Gate,
    jobs: Jobs,
    sources: Sources,
    /// Where browsers find it.
    origin: String,
    /// Connections that may be anybody's.
    strangers: Strangers,
    /// Requests of those who were let in, which are being answered.
    open: AtomicUsize,
}

impl std::fmt::Debug for Explorer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Explorer").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// How many requests of those who were let in are answered at once.
const MOST_OPEN: usize = 64;

/// How long a request may be, in bytes.
const MOST_ASKED: u64 = 512 << 10;

/// How long nobody is accepted where the process may open no more files.
const FULL: Duration = Duration::from_millis(20);

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
        let listening = TcpListener::bind((host, port)).and_then(|listener| {
            let address = listener.local_addr()?;
            Ok((listener, address))
        });
        let (listener, address) = listening
            .map_err(Error::failed(format!("could not listen on {}", SocketAddr::new(host, port))))?;
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
        Ok(Self {
            listener,
            gate: Gate::new(origins)?,
            jobs,
            sources,
            origin,
            strangers: Strangers::default(),
            open: AtomicUsize::new(0),
        })
    }

    /// The page's address.
    #[must_use]
    pub fn address(&self) -> String {
        format!("{}/{}/", self.origin, self.gate.token())
    }

    /// Answers until the process ends.
    pub fn serve(self) {
        let explorer = Arc::new(self);
        for connection in explorer.listener.incoming() {
            let Ok(connection) = connection else {
                // Whoever gave up meanwhile is nobody's loss.
                thread::sleep(FULL);
                continue;
            };
            let explorer = Arc::clone(&explorer);
            // Without a thread the connection is closed.
            let _ = thread::Builder::new().spawn(move || {
                // A browser that has gone has nothing to be told.
                let _ = explorer.meet(connection);
            });
        }
    }

    /// Finds out who it is, and answers.
    fn meet(&self, connection: TcpStream) -> io::Result<()> {
        let stranger = self.strangers.enter(&connection)?;
        let Some(request) = Request::read(connection)? else { return Ok(()) };
        let head = &request.head;
        let asked = Asked {
            path: head.target.split('?').next().unwrap_or_default(),
            acts: head.method != "GET",
            host: head.header("Host"),
            origin: head.header("Origin"),
            site: head.header("Sec-Fetch-Site"),
        };
        let Some(path) = self.gate.path(&asked).map(str::to_owned) else {
            return request.answer(&Answer::text(
                403,
                "This is not for you: open the address that `cargo qadapt explore` printed.\n",
            ));
        };
        drop(stranger);
        // Relaxed: a number that orders nothing.
        let ended = if self.open.fetch_add(1, Ordering::Relaxed) < MOST_OPEN {
            self.answer(&path, request)
        } else {
            request.answer(&Answer::text(503, "Too many requests are being answered: close some pages.\n"))
        };
        self.open.fetch_sub(1, Ordering::Relaxed);
        ended
    }

    fn answer(&self, path: &str, mut request: Request) -> io::Result<()> {
        match (request.head.method.as_str(), path) {
            ("GET", "") => {
                let nonce = Gate::new(Vec::new()).map_err(io::Error::other)?.token().to_owned();
                request.answer(&Answer::page(page(&nonce), &policy(&nonce)))
            }
            ("GET", "project") => {
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
                request.answer(&Answer::json(about.to_string()))
            }
            ("GET", name) => match file(name) {
                Some((kind, content)) => request.answer(&Answer::new(200, kind, content)),
                None => request.answer(&Answer::text(404, "There is no such file.\n")),
            },
            ("POST", "run" | "stop" | "report" | "source" | "file" | "changes") => {
                match request.body(MOST_ASKED) {
                    Ok(body) => self.act(path, &body, request),
                    Err(NoBody::TooLong) => request.answer(&Answer::text(413, "The snippet is too long.\n")),
                    Err(NoBody::Endless) => {
                        request.answer(&Answer::text(411, "A request must say how long it is.\n"))
                    }
                    Err(NoBody::Io(e)) => Err(e),
                }
            }
            _ => request.answer(&Answer::text(405, "This cannot be done here.\n")),
        }
    }

    fn act(&self, path: &str, body: &[u8], request: Request) -> io::Result<()> {
        let answer = match path {
            "run" => match serde_json::from_slice::<Job>(body) {
                Ok(job) => return self.run(&job, request),
                Err(e) => senseless(&e),
            },
            "changes" => return self.changes(request),
            "file" => match serde_json::from_slice::<Named>(body) {
                Ok(Named { file }) => match self.sources.text(&file) {
                    Some(content) => Answer::text(200, &content),
                    None => Answer::text(404, "There is no such file.\n"),
                },
                Err(e) => senseless(&e),
            },
            "source" => {
                match serde_json::from_slice::<SourceLine>(body).map(|line| self.sources.excerpt(&line)) {
                    Ok(Some(excerpt)) => Answer::json(serde_json::to_string(&excerpt)?),
                    Ok(None) => Answer::text(404, "Its source is not here.\n"),
                    Err(e) => senseless(&e),
                }
            }
            _ => match serde_json::from_slice::<Tab>(body) {
                Ok(Tab { tab }) if path == "stop" => {
                    self.jobs.stop(&tab);
                    Answer::text(204, "")
                }
                Ok(Tab { tab }) => match self.jobs.report(&tab) {
                    Ok(Some(page)) => Answer::page(page, "sandbox"),
                    Ok(None) => Answer::text(404, "There is no report yet.\n"),
                    Err(e) => Answer::text(500, &format!("{}\n", e.whole())),
                },
                Err(e) => senseless(&e),
            },
        };
        request.answer(&answer)
    }

    /// Says when files of the project are written, until nobody listens.
    fn changes(&self, request: Request) -> io::Result<()> {
        let mut changes = match Changes::of(&self.jobs.project().folder) {
            Ok(changes) => changes,
            Err(e) => return request.answer(&Answer::text(500, &format!("{}\n", e.whole()))),
        };
        let mut stream = Stream::of(request);
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
        let mut stream = Stream::of(request);
        stream.begin()?;
        let result = self.jobs.run(job, |event| stream.event(event).is_ok());
        if let Err(e) = result {
            stream.event(&Event::Failed { part: super::answer::Part::Debug, text: e.whole() })?;
        }
        stream.end()
    }
}

/// An answer in chunks, each of which is sent at once.
struct Stream {
    out: BufWriter<TcpStream>,
}

impl Stream {
    fn of(request: Request) -> Self {
        Self { out: BufWriter::new(request.into_stream()) }
    }

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

fn senseless(e: &serde_json::Error) -> Answer {
    Answer::text(400, &format!("This makes no sense: {e}\n"))
}
