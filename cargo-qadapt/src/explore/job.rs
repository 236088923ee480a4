//! A job: a snippet's parts, made at the same time, watched, and put together as they come.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::answer::{Answer, Part};
use super::ask::{Event, How, Request, Subject};
use super::project::{Project, libraries};
use super::running::{Ended, Running};
use super::sandbox::{DEPENDENCIES, Limits, Room, SNIPPET, Sandbox, TARGET};
use super::snippet::Program;
use super::work::{MadeOf, Order, Snippet};
use crate::error::{Error, Result};
use crate::format::html::page::html;
use crate::format::json::json;
use crate::format::view::View;
use crate::report::figures::Report;
use crate::report::merge::merge;

/// Runs jobs.
#[derive(Debug)]
pub struct Jobs {
    project: Project,
    sandbox: Sandbox,
    /// The slots that no job has.
    free: Mutex<Vec<u32>>,
    freed: Condvar,
    /// What ends the job of a tab.
    running: Mutex<HashMap<String, Arc<AtomicBool>>>,
    /// The settings, features and crates for which the dependencies are built.
    built: Mutex<Vec<Vec<String>>>,
    /// What became of the last job of a tab.
    last: Mutex<HashMap<String, Last>>,
    number: AtomicU64,
}

/// What a report can be made of.
#[derive(Clone, Debug)]
struct Last {
    /// The figures.
    report: Report,
    /// The program's text, if it was a snippet.
    text: Option<String>,
}

/// How many reports are kept for those who want one as a page.
const MOST_KEPT: usize = 32;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// With as many slots as there are processors.
    #[must_use]
    pub fn new(project: Project, sandbox: Sandbox) -> Self {
        // Those of an explorer that was killed.
        let _ = fs::remove_dir_all(project.home.join("jobs"));
        let slots =
            thread::available_parallelism().map_or(1, |number| u32::try_from(number.get()).unwrap_or(1));
        Self {
            project,
            sandbox,
            free: Mutex::new((0..slots).collect()),
            freed: Condvar::new(),
            running: Mutex::default(),
            built: Mutex::default(),
            last: Mutex::default(),
            number: AtomicU64::new(0),
        }
    }

    /// What is explored.
    #[must_use]
    pub fn project(&self) -> &Project {
        &self.project
    }

    /// What it is run in.
    #[must_use]
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The report of a tab's last job as a page; none if it has none.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn report(&self, tab: &str) -> Result<Option<Vec<u8>>> {
        let Some(last) = locked(&self.last).get(tab).cloned() else { return Ok(None) };
        let Some(text) = last.text else {
            return html(&View::new(&last.report, &self.project.root)).map(Some);
        };
        // The page has excerpts of the source, which is nowhere else.
        let folder = self.job_folder()?;
        let source = folder.join("src");
        let path = source.join("main.rs");
        fs::create_dir_all(&source)
            .and_then(|()| fs::write(&path, &text))
            .map_err(|e| Error::io("write the file", &path, e))?;
        let page = html(&View::new(&last.report, &folder));
        let _ = fs::remove_dir_all(&folder);
        page.map(Some)
    }

    /// Ends the job of a tab, if it has one.
    pub fn stop(&self, tab: &str) {
        if let Some(stop) = locked(&self.running).get(tab) {
            stop.store(true, Ordering::Relaxed);
        }
    }

    /// Makes all parts, and hands on what comes; where that fails nobody listens any more, and the job ends.
    ///
    /// # Errors
    /// If it cannot be begun.
    pub fn run(&self, request: &Request, mut tell: impl FnMut(&Event) -> bool) -> Result<()> {
        let start = Instant::now();
        let stop = Arc::new(AtomicBool::new(false));
        if let Some(older) = locked(&self.running).insert(request.tab.clone(), Arc::clone(&stop)) {
            older.store(true, Ordering::Relaxed);
        }
        let result = self.with_slot(&stop, &mut tell, |slot, tell| {
            if let Subject::Code(code) = &request.subject {
                self.build_dependencies(code, &request.how, &stop, tell)?;
            }
            self.parts(request, slot, &stop, tell)
        });
        let mut running = locked(&self.running);
        if running.get(&request.tab).is_some_and(|newest| Arc::ptr_eq(newest, &stop)) {
            running.remove(&request.tab);
        }
        drop(running);
        result?;
        let milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        tell(&Event::Done { milliseconds });
        Ok(())
    }

    /// Waits for a slot; nothing is done once the job is stopped.
    fn with_slot<T: FnMut(&Event) -> bool>(
        &self,
        stop: &AtomicBool,
        tell: &mut T,
        job: impl FnOnce(u32, &mut T) -> Result<()>,
    ) -> Result<()> {
        let mut free = locked(&self.free);
        let mut has_said = false;
        let slot = loop {
            if stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            if let Some(slot) = free.pop() {
                break slot;
            }
            if !has_said {
                has_said = true;
                tell(&Event::Progress { text: "waiting for other snippets".to_owned() });
            }
            free = self.freed.wait_timeout(free, TICK).unwrap_or_else(PoisonError::into_inner).0;
        };
        drop(free);
        let result = job(slot, tell);
        locked(&self.free).push(slot);
        self.freed.notify_one();
        result
    }

    fn target(&self) -> PathBuf {
        self.project.home.join("target")
    }

    /// What the project's own targets are built into.
    fn own_builds(&self) -> PathBuf {
        self.project.home.join("own")
    }

    fn built(&self) -> PathBuf {
        self.project.home.join("built")
    }

    /// Waits until no other job builds what snippets depend on; none if this job is to end before.
    fn turn_to_build(
        &self,
        stop: &AtomicBool,
        tell: &mut impl FnMut(&Event) -> bool,
    ) -> Option<MutexGuard<'_, Vec<Vec<String>>>> {
        let mut text = format!("waiting for another snippet: {BUILDING}");
        loop {
            match self.built.try_lock() {
                Ok(done) => return Some(done),
                Err(TryLockError::Poisoned(done)) => return Some(done.into_inner()),
                // Empty ones too, so that it is noticed where nobody listens any more.
                Err(TryLockError::WouldBlock) => {
                    let is_over = stop.load(Ordering::Relaxed) || !tell(&Event::Progress { text });
                    if is_over {
                        return None;
                    }
                    text = String::new();
                    thread::sleep(TICK);
                }
            }
        }
    }

    /// Builds what a snippet depends on, once for each choice of settings, features and crates; all others wait.
    fn build_dependencies(
        &self,
        code: &str,
        how: &How,
        stop: &AtomicBool,
        tell: &mut impl FnMut(&Event) -> bool,
    ) -> Result<()> {
        let Some(mut done) = self.turn_to_build(stop, tell) else { return Ok(()) };
        let uses: Vec<String> = self.project.named(code).map(|name| format!("use {name} as _; ")).collect();
        let uses = uses.concat();
        let mut wanted = how.settings();
        wanted.extend(how.features.iter().cloned().chain([uses.clone()]));
        if done.contains(&wanted) {
            return Ok(());
        }
        tell(&Event::Progress { text: BUILDING.to_owned() });
        let built = self.built();
        fs::create_dir_all(&built).map_err(|e| Error::io("make the folder", &built, e))?;
        self.sandbox.give(&built, 0)?;
        let request = Request {
            tab: String::new(),
            subject: Subject::Code(format!("{uses}fn main() {{}}")),
            input: String::new(),
            arguments: Vec::new(),
            how: how.clone(),
        };
        let mut why = Vec::new();
        let keep = if self.sandbox.is_closed() { Some(built.as_path()) } else { None };
        let target = if keep.is_some() { built.clone() } else { self.target() };
        let (mut told, mut is_heard) = (0, true);
        // The proof takes over what release has built by then.
        for parts in [&[Part::Debug, Part::Release][..], &[Part::Proof]] {
            self.make(&request, (parts, true), 0, (DEPENDENCIES, keep), stop, |ended| {
                match ended.map(|ended| ended.answer()) {
                    Some(Answer::Failed(text)) => why.push(text),
                    Some(Answer::Wrong(mistakes)) => {
                        why.extend(mistakes.into_iter().map(|mistake| mistake.rendered));
                    }
                    _ => {}
                }
                let there = libraries(&target);
                let text = if there > told { format!("{BUILDING}: {there} so far") } else { String::new() };
                told = told.max(there);
                // Empty ones too, so that it is noticed where nobody listens any more.
                is_heard = tell(&Event::Progress { text });
                is_heard
            })?;
            // What was ended is not built: whoever asks next builds it.
            if !is_heard || stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            if !why.is_empty() {
                break;
            }
        }
        if let Some(why) = why.first() {
            return Err(Error::Cargo(format!(
                "the project's crates could not be built for snippets:\n{why}"
            )));
        }
        done.push(wanted);
        Ok(())
    }

    fn parts(
        &self,
        request: &Request,
        slot: u32,
        stop: &AtomicBool,
        tell: &mut impl FnMut(&Event) -> bool,
    ) -> Result<()> {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        tell(&Event::Progress { text: "building".to_owned() });
        let text = match &request.subject {
            Subject::Code(code) => Some(Program::of(code, request.how.allocator).text),
            Subject::Target(_) => None,
        };
        let folder = self.job_folder()?;
        let root = match &text {
            Some(_) => folder.join("source"),
            None => self.project.root.clone(),
        };
        fs::create_dir_all(&root).map_err(|e| Error::io("make the folder", &root, e))?;
        let own = self.own_builds();
        let (limits, kept) = if text.is_some() {
            (SNIPPET, None)
        } else {
            fs::create_dir_all(&own).map_err(|e| Error::io("make the folder", &own, e))?;
            self.sandbox.give(&own, 0)?;
            (TARGET, Some(own.as_path()))
        };
        // A folder that stays belongs to one of those who run inside.
        let slot = if text.is_some() { slot } else { 0 };
        let mut reports: Vec<(Part, Report)> = Vec::new();
        let mut problems = Vec::new();
        let made = self.make(request, (&Part::ALL, false), slot, (limits, kept), stop, |ended| {
            let Some(ended) = ended else { return tell(&Event::Progress { text: String::new() }) };
            let mut is_heard = true;
            if !ended.output.is_empty() && ended.part != Part::Proof {
                is_heard &= tell(&Event::Output { part: ended.part, text: ended.output.clone() });
            }
            is_heard
                && match ended.answer() {
                    Answer::Ran { report, problems: more } => {
                        reports.push((ended.part, report));
                        reports.sort_by_key(|(part, _)| *part != Part::Debug);
                        problems.extend(more);
                        let report = merge(reports.iter().map(|(_, report)| report.clone()).collect());
                        let shown = json(&View::new(&report, &root)).ok();
                        let shown = shown.and_then(|json| serde_json::from_slice(&json).ok());
                        self.keep(&request.tab, Last { report, text: text.clone() });
                        tell(&Event::Report { report: shown.unwrap_or_default(), problems: problems.clone() })
                    }
                    Answer::Proved { proofs, code } => tell(&Event::Proof { proofs, code }),
                    Answer::Wrong(mistakes) => tell(&Event::Wrong { mistakes }),
                    Answer::Failed(text) => tell(&Event::Failed { part: ended.part, text }),
                }
        });
        let _ = fs::remove_dir_all(&folder);
        made
    }

    /// Keeps what a report can be made of.
    fn keep(&self, tab: &str, last: Last) {
        let mut kept = locked(&self.last);
        if kept.len() >= MOST_KEPT && !kept.contains_key(tab) {
            kept.clear();
        }
        kept.insert(tab.to_owned(), last);
    }

    /// A new folder for a job's files.
    fn job_folder(&self) -> Result<PathBuf> {
        // Relaxed: a number that orders nothing.
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let folder = self.project.home.join(format!("jobs/{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|e| Error::io("make the folder", &folder, e))?;
        Ok(folder)
    }

    /// Makes these parts at once, of a snippet or of what all depend on. Hands on each that has ended, and nothing at every tick,
    /// until nobody listens.
    fn make(
        &self,
        request: &Request,
        (parts, is_first): (&[Part], bool),
        slot: u32,
        (limits, kept): (Limits, Option<&Path>),
        stop: &AtomicBool,
        mut hand_on: impl FnMut(Option<Ended>) -> bool,
    ) -> Result<()> {
        let folder = self.job_folder()?;
        let input = folder.join("input");
        fs::write(&input, &request.input).map_err(|e| Error::io("write the input", &input, e))?;
        let (send, receive) = mpsc::channel();
        let mut running = Vec::new();
        let mut result = Ok(());
        for &part in parts {
            match self.start(request, (part, is_first), slot, (limits, kept), &folder, send.clone()) {
                Ok(started) => running.push(started),
                Err(e) => result = Err(e),
            }
        }
        drop(send);
        let mut is_over = result.is_err();
        while !running.is_empty() {
            if is_over || stop.load(Ordering::Relaxed) {
                running.iter().for_each(Running::kill);
            }
            if let Ok(mut ended) = receive.recv_timeout(TICK) {
                if let Some(at) = running.iter().position(|running| running.part == ended.part) {
                    let mut done = running.swap_remove(at);
                    // All that it had open is closed, so that this does not wait.
                    let status = done.child.wait();
                    if let Some(why) = done.killed.take() {
                        ended.answer = said(&why);
                    } else if ended.answer.is_empty() {
                        let status = status.map_or_else(|e| e.to_string(), |status| status.to_string());
                        ended.answer =
                            said(&format!("it ended without an answer ({status}): {}", ended.output));
                    }
                }
                if !is_over && !stop.load(Ordering::Relaxed) {
                    is_over = !hand_on(Some(ended));
                }
            } else {
                for running in &mut running {
                    running.look_after(limits);
                }
                if !is_over {
                    is_over = !hand_on(None);
                }
            }
        }
        let _ = fs::remove_dir_all(&folder);
        result
    }

    fn start(
        &self,
        request: &Request,
        (part, is_first): (Part, bool),
        slot: u32,
        (limits, kept): (Limits, Option<&Path>),
        folder: &Path,
        send: mpsc::Sender<Ended>,
    ) -> Result<Running> {
        let is_closed = self.sandbox.is_closed();
        let built = self.built();
        let built = (is_closed && kept.is_none()).then_some(built.as_path());
        let name = if is_closed { "package".to_owned() } else { format!("package-{slot}") };
        let package = self.project.home.join(name);
        let target = self.target();
        // Where the sandbox puts its own, which it cannot make.
        for folder in [&package, &target] {
            fs::create_dir_all(folder).map_err(|e| Error::io("make the folder", folder, e))?;
        }
        let made_of = match &request.subject {
            Subject::Target(wanted) => MadeOf::Target(wanted.clone(), self.project.folder.clone()),
            Subject::Code(code) => MadeOf::Snippet(Snippet {
                code: code.clone(),
                manifest: self.project.manifest(request.how.edition.word(), code, &request.how.features),
                lock: self.project.lock_file(),
                package: package.clone(),
                target: target.clone(),
                built: built.map(Path::to_owned),
                allocator: request.how.allocator,
            }),
        };
        let order = Order {
            part,
            made_of,
            settings: request.how.settings(),
            features: request.how.features.clone(),
            blocking: request.how.blocking,
            arguments: request.arguments.clone(),
            seconds: limits.run_seconds,
            is_first,
        };
        let path = folder.join(format!("{}.json", part.name()));
        let text = serde_json::to_vec(&order).map_err(Error::write("write the order"))?;
        fs::write(&path, text).map_err(|e| Error::io("write the order", &path, e))?;
        let input = folder.join("input");
        let input = File::open(&input).map_err(|e| Error::io("open the input", &input, e))?;
        let has_allocator = matches!(request.subject, Subject::Code(_));
        let room = Room {
            job: folder,
            package: &package,
            target: &target,
            kept,
            built,
            slot,
            limits,
            has_allocator,
        };
        let mut command = self.sandbox.command(&path, &room);
        let failed = |source| Error::Start { program: command_name(is_closed).to_owned(), source };
        let child = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        Ok(Running::follow(part, child, send))
    }
}

/// What goes on at first.
const BUILDING: &str = "building the project's crates, once";

fn command_name(is_closed: bool) -> &'static str {
    if is_closed { "bwrap" } else { "prlimit" }
}

/// How often a job is looked after.
const TICK: Duration = Duration::from_millis(50);

fn said(why: &str) -> Vec<u8> {
    serde_json::to_vec(&Answer::Failed(why.to_owned())).unwrap_or_default()
}
