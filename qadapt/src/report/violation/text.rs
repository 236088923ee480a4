//! What is printed of a violation: a report, or a line of one.

use core::fmt;

use super::Violation;
use crate::hot::request::Cause;
use crate::model::{Op, SystemCall};

impl Violation {
    /// The event, of which a process did not survive that it got no memory: the request of a sweep with this number.
    pub(in crate::report) fn fatal(&self, number: u64) -> String {
        let thread = std::thread::current();
        let on = thread.name().map_or_else(String::new, |name| format!(" on thread `{name}`"));
        format!(
            "qadapt: a sweep{on} ends here: the process aborts, after request {number} got no memory: {}\n{}{}   = help: \
             what ends the process when there is no memory must be asked for with `try_reserve`, or allocated before\n",
            Event(self),
            self.stack.excerpt(),
            self.stack
        )
    }

    /// The event and its site in one line, and a second one with advice if there is any.
    pub(in crate::report) fn line(&self) -> String {
        let Self { op, size, old_size, times, .. } = self;
        let event = match op {
            Op::SystemCall => format!("{op} of {}", SystemCall::unpacked(*size, *old_size)),
            Op::Realloc => format!("{op} from {old_size} to {}", Bytes(*size)),
            _ => format!("{op} of {}", Bytes(*size)),
        };
        let site = self.site().map_or_else(|| "an unknown place".to_owned(), |site| site.to_string());
        let advice = self.advice().map_or_else(String::new, |advice| format!("     help: {advice}\n"));
        let c = if self.stack.c().is_some() { "C " } else { "" };
        format!("{times} x {c}{event} at {site}\n{advice}")
    }
}

/// A number of bytes in words.
struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 byte"),
            many => write!(f, "{many} bytes"),
        }
    }
}

/// What was asked for, in words.
struct Event<'a>(&'a Violation);

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Violation { op, size, old_size, align, .. } = self.0;
        if let Some(call) = self.0.system_call() {
            return write!(f, "{op} of {call}");
        }
        if self.0.stack.c().is_some() {
            f.write_str("C ")?;
        }
        match op {
            Op::Realloc => write!(f, "{op} from {old_size} to {}", Bytes(*size))?,
            _ => write!(f, "{op} of {}", Bytes(*size))?,
        }
        write!(f, " (align {align})")
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { times, cause, .. } = self;
        write!(f, "qadapt: {}", Event(self))?;
        if *cause == Cause::OverBudget {
            write!(f, ", over the budget")?;
        }
        if *times > 1 {
            write!(f, ", {times} times")?;
        }
        if *cause == Cause::OverBudget || *times > 1 {
            write!(f, ",")?;
        }
        match self.place {
            Some(place) => write!(f, " in {place}")?,
            None => write!(f, " in a protected region")?,
        }
        if self.is_unclosed {
            write!(f, " that was never closed")?;
        }
        if self.lent {
            write!(f, ", on a thread that its policy was lent to")?;
        }
        writeln!(f)?;
        f.write_str(self.stack.excerpt())?;
        if let Some(entered) = self.entered() {
            writeln!(f, "   = region entered at {entered}")?;
        }
        if let Some(way) = self.stack.c() {
            way.fmt(f)?;
        }
        self.stack.fmt(f)?;
        self.advice().map_or(Ok(()), |advice| writeln!(f, "   = help: {advice}"))
    }
}
