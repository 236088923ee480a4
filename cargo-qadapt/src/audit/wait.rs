//! Waiting for a program, and for what it leaves behind.
//!
//! A daemon's first process ends at once, and its child does the work. So what writes traces is waited for as the program itself
//! is. Other helpers that a program leaves behind may run for days and are nobody's business here.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use super::traceless::has_guard;
use crate::interrupt::Interrupts;
use crate::system::Family;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, successfully.
    Success,
    /// By itself, otherwise.
    Failure(ExitStatus),
    /// It took too long and was killed.
    Timeout,
    /// The user interrupted it, or another process ended it.
    Interrupted,
}

/// How to wait.
#[expect(missing_debug_implementations, reason = "a function has none")]
pub struct Wait<'a> {
    /// How long all may take.
    pub timeout: Option<Duration>,
    /// The directory of the traces.
    pub traces: &'a Path,
    /// What asks for an end.
    pub interrupts: &'a Interrupts,
    /// Says what is waited for.
    pub say: &'a dyn Fn(&str),
}

impl Wait<'_> {
    /// Waits until the program has ended, and what it has left behind that writes traces; kills them where the time is over or
    /// the user asks for it.
    ///
    /// # Errors
    /// If the system does not tell what became of the program.
    pub fn until_ended(&self, family: &mut Family) -> io::Result<End> {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        let mut ending = Ending::default();
        let end = loop {
            if let Some(status) = family.try_wait()? {
                break ended(status);
            }
            if self.is_over(start) {
                family.kill();
                family.wait()?;
                break End::Timeout;
            }
            match ending.next(self.interrupts.seen(), self.interrupts.ends(), Instant::now()) {
                Next::Kill => family.kill(),
                Next::End => family.end(),
                Next::Nothing if self.interrupts.take_sent() > 0 => family.interrupt(),
                Next::Nothing => {}
            }
            self.sleep(&mut pause, start);
        };
        Ok(self.until_others_ended(family, end, ending, start))
    }

    /// Waits for what the program has left behind, whose own end is known.
    fn until_others_ended(&self, family: &Family, own: End, mut ending: Ending, start: Instant) -> End {
        let (begin, known) = (Instant::now(), self.interrupts.seen());
        let mut pause = Duration::from_millis(1);
        let mut end = own;
        let (mut is_said, mut is_told) = (false, false);
        // A program is large, and is looked into once.
        let mut guarded: HashMap<PathBuf, bool> = HashMap::new();
        let mut is_guarded =
            |program: &Path| *guarded.entry(program.to_owned()).or_insert_with(|| has_guard(program));
        // When what remains is killed, and when it is given up.
        let mut last: Option<Instant> = (end == End::Timeout).then_some(begin);
        loop {
            let seen = self.interrupts.seen();
            if end != End::Timeout && seen + self.interrupts.ends() > 0 {
                end = End::Interrupted;
                // Cargo goes before the tests that it has started.
                last.get_or_insert(Instant::now() + PATIENCE);
            }
            // What a program has started that is interrupted, or takes too long, ends with it, whatever it does.
            let left = if matches!(end, End::Interrupted | End::Timeout) {
                family.others()
            } else {
                family.writers(self.traces, &mut is_guarded)
            };
            if left.is_empty() {
                return end;
            }
            if end != End::Interrupted && end != End::Timeout && self.is_over(start) {
                end = End::Timeout;
                last = Some(Instant::now());
            }
            let is_over = last.is_some_and(|last| Instant::now() >= last);
            match ending.next(seen, self.interrupts.ends(), Instant::now()) {
                _ if is_over => family.kill(),
                Next::Kill => {
                    last = Some(Instant::now());
                    family.kill();
                }
                Next::End => family.end(),
                Next::Nothing if self.interrupts.take_sent() > 0 => {
                    is_told = true;
                    family.interrupt();
                }
                // A daemon has no terminal that could tell it.
                Next::Nothing if seen > known && !std::mem::replace(&mut is_told, true) => {
                    family.interrupt_apart();
                }
                Next::Nothing => {}
            }
            if last.is_some_and(|last| last.elapsed() >= PATIENCE) {
                // The kernel does not end them.
                return end;
            }
            if last.is_none() && begin.elapsed() >= SILENCE && !std::mem::replace(&mut is_said, true) {
                (self.say)(&waiting(&left));
            }
            self.sleep(&mut pause, start);
        }
    }

    fn is_over(&self, start: Instant) -> bool {
        self.timeout.is_some_and(|timeout| start.elapsed() >= timeout)
    }

    /// Sleeps longer from time to time, and not beyond the end of the time.
    fn sleep(&self, pause: &mut Duration, start: Instant) {
        let left = self.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
        let left = left.filter(|left| !left.is_zero());
        std::thread::sleep(left.map_or(*pause, |left| left.min(*pause)));
        *pause = (*pause * 2).min(Duration::from_millis(50));
    }
}

/// How long nothing is said of what was left behind: most of it ends soon.
const SILENCE: Duration = Duration::from_secs(1);

fn waiting(processes: &[u32]) -> String {
    let (word, is) =
        if processes.len() == 1 { ("process", "writes a trace") } else { ("processes", "write traces") };
    let numbers: Vec<String> = processes.iter().map(u32::to_string).collect();
    format!(
        "waiting for the {word} {}, which the program has left behind and which {is} (Ctrl-C ends the wait)",
        numbers.join(", ")
    )
}

/// How long a program that is asked to end may take, and what an interrupted one has started.
const PATIENCE: Duration = Duration::from_secs(5);

/// Within what time a second request is the same one: `timeout` sends it to the command and to its group, so that it comes twice.
const SAME: Duration = Duration::from_secs(1);

/// What becomes of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// It is asked to end.
    End,
    Kill,
}

/// How far a program is towards its end.
#[derive(Clone, Copy, Debug, Default)]
struct Ending {
    /// When it was first interrupted or asked to end.
    first: Option<Instant>,
    /// When it was asked to end.
    asked: Option<Instant>,
    /// How many interrupts and requests there were.
    known: u32,
}

impl Ending {
    /// What follows from so many interrupts and requests to end.
    fn next(&mut self, interrupts: u32, ends: u32, now: Instant) -> Next {
        let all = interrupts + ends;
        if all == 0 {
            return Next::Nothing;
        }
        let since = |then: Instant| now.saturating_duration_since(then);
        let is_repeated = all > self.known && since(*self.first.get_or_insert(now)) >= SAME;
        self.known = all;
        let is_late = self.asked.is_some_and(|asked| since(asked) >= PATIENCE);
        if interrupts > 1 || is_repeated || is_late {
            return Next::Kill;
        }
        if ends > 0 && self.asked.is_none() {
            self.asked = Some(now);
            return Next::End;
        }
        Next::Nothing
    }
}

fn ended(status: ExitStatus) -> End {
    if status.success() { End::Success } else { End::Failure(status) }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn run(script: &str, timeout: Option<Duration>) -> End {
        let mut family = Family::spawn(Command::new("sh").args(["-c", script])).expect("a shell");
        let interrupts = Interrupts::count().expect("a handler can be set");
        let wait = Wait {
            timeout,
            traces: Path::new("/no/traces"),
            interrupts: &interrupts,
            say: &|what| panic!("{what}"),
        };
        wait.until_ended(&mut family).expect("it can be waited for")
    }

    #[test]
    fn the_way_a_process_ends_is_told() {
        assert_eq!(run("exit 0", None), End::Success);
        assert!(matches!(run("exit 3", None), End::Failure(status) if status.code() == Some(3)));
    }

    /// With all that this process has started: so this is tried in one of its own, in which no other test runs.
    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        const ALONE: &str = "QADAPT_TESTS_ALONE";
        if std::env::var_os(ALONE).is_some() {
            assert_eq!(run("sleep 600", Some(Duration::ZERO)), End::Timeout);
            return;
        }
        let own = std::env::current_exe().expect("a test knows its own file");
        let this = "audit::wait::tests::a_program_that_takes_too_long_is_killed";
        let output = Command::new(own).args(["--exact", this]).env(ALONE, "1").output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{said}");
    }

    #[test]
    fn a_second_request_kills_and_so_does_patience() {
        use Next::{End, Kill, Nothing};
        let start = Instant::now();
        // Milliseconds, interrupts and requests until then, and what follows.
        let histories: [&[(u64, u32, u32, Next)]; 6] = [
            // An interrupt has no bound: it is a program's to see to.
            &[(0, 1, 0, Nothing), (60_000, 1, 0, Nothing), (60_001, 2, 0, Kill)],
            // A second interrupt is one, however soon it comes.
            &[(0, 1, 0, Nothing), (1, 2, 0, Kill)],
            // A request comes once, and twice from `timeout`.
            &[(0, 0, 1, End), (1, 0, 2, Nothing), (4_999, 0, 2, Nothing), (5_000, 0, 2, Kill)],
            &[(0, 0, 2, End), (1_000, 0, 3, Kill)],
            // A job that is cancelled is interrupted first.
            &[(0, 1, 0, Nothing), (7_500, 1, 1, Kill)],
            // Who interrupts may have it ended at once by another.
            &[(0, 1, 0, Nothing), (1, 1, 1, End), (5_000, 1, 1, Nothing), (5_001, 1, 1, Kill)],
        ];
        for history in histories {
            let mut ending = Ending::default();
            assert_eq!(ending.next(0, 0, start), Nothing);
            for &(milliseconds, interrupts, ends, expected) in history {
                let now = start + Duration::from_millis(milliseconds);
                let next = ending.next(interrupts, ends, now);
                assert_eq!(next, expected, "after {milliseconds} ms in {history:?}");
            }
        }
    }
}
