//! What an event was.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What was asked of the allocator, or of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Op {
    /// New memory.
    Alloc,
    /// New memory, zeroed.
    AllocZeroed,
    /// A block gets another size.
    Realloc,
    /// A block is given back.
    Dealloc,
    /// A system call in which the thread may wait.
    Call(Call),
}

/// A system call and what the thread may wait for in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Call {
    /// Its number on Linux for x86-64, where such calls are seen.
    pub number: u16,
    /// The place of its class among [`qadapt_calls::CLASSES`].
    pub class: u8,
}

impl Op {
    const REQUESTS: [Self; 4] = [Self::Alloc, Self::AllocZeroed, Self::Realloc, Self::Dealloc];

    /// The operation as a noun.
    #[must_use]
    pub fn noun(self) -> Cow<'static, str> {
        match self {
            Self::Alloc => "allocation".into(),
            Self::AllocZeroed => "zeroed allocation".into(),
            Self::Realloc => "reallocation".into(),
            Self::Dealloc => "deallocation".into(),
            Self::Call(call) => format!("blocking call of {}", call.words()).into(),
        }
    }

    /// The name of the operation in files: of a call what [`Call::words`] says.
    #[must_use]
    pub fn name(self) -> Cow<'static, str> {
        match self {
            Self::Alloc => "alloc".into(),
            Self::AllocZeroed => "alloc-zeroed".into(),
            Self::Realloc => "realloc".into(),
            Self::Dealloc => "dealloc".into(),
            Self::Call(call) => call.words().into(),
        }
    }

    /// The operation with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let request = Self::REQUESTS.into_iter().find(|op| op.name() == name);
        request.or_else(|| Call::told(name).map(Self::Call))
    }

    /// True for a system call, which asks for no memory and gives none back.
    #[must_use]
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Call(_))
    }
}

impl Call {
    /// `futex (lock)`; of a call that has no name, `call 511 (other)`.
    #[must_use]
    pub fn words(self) -> String {
        let class = qadapt_calls::CLASSES.get(usize::from(self.class)).copied().unwrap_or("other");
        match qadapt_calls::name(self.number) {
            Some(name) => format!("{name} ({class})"),
            None => format!("call {} ({class})", self.number),
        }
    }

    /// The call of which [`words`](Self::words) said this.
    fn told(words: &str) -> Option<Self> {
        let (name, class) = words.strip_suffix(')')?.split_once(" (")?;
        let number = name.strip_prefix("call ").and_then(|number| number.parse().ok());
        let number = number.or_else(|| qadapt_calls::number(name))?;
        let class = qadapt_calls::CLASSES.iter().position(|known| *known == class)?;
        Some(Self { number, class: u8::try_from(class).ok()? })
    }
}

impl From<Op> for String {
    fn from(op: Op) -> Self {
        op.name().into_owned()
    }
}

impl TryFrom<String> for Op {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::named(&name).ok_or_else(|| format!("`{name}` is no operation"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_its_name() {
        let wait = Op::Call(Call { number: 202, class: 1 });
        let unknown = Op::Call(Call { number: 511, class: 9 });
        for (op, name) in [
            (Op::Alloc, "alloc"),
            (Op::AllocZeroed, "alloc-zeroed"),
            (Op::Realloc, "realloc"),
            (Op::Dealloc, "dealloc"),
            (wait, "futex (lock)"),
            (unknown, "call 511 (other)"),
        ] {
            assert_eq!((op.name().as_ref(), Op::named(name)), (name, Some(op)));
            let json = serde_json::to_string(&op).expect("it is a string");
            assert_eq!(serde_json::from_str::<Op>(&json).expect("it was written"), op);
        }
        assert_eq!(wait.noun(), "blocking call of futex (lock)");
        for name in ["free", "futex", "futex (wait)", "no_such_call (lock)"] {
            assert_eq!(Op::named(name), None, "{name}");
        }
    }
}
