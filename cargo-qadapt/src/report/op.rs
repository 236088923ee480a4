//! What an event was, in words: as reports say it, and as files have it.

use std::borrow::Cow;

pub use qadapt_trace::{Call, Op};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The operation as a noun.
#[must_use]
pub fn noun(op: Op) -> Cow<'static, str> {
    match op {
        Op::Alloc => "allocation".into(),
        Op::AllocZeroed => "zeroed allocation".into(),
        Op::Realloc => "reallocation".into(),
        Op::Dealloc => "deallocation".into(),
        Op::SystemCall(call) => format!("blocking call of {}", words(call)).into(),
    }
}

/// The name of the operation in files: of a call what [`words`] says.
#[must_use]
pub fn name(op: Op) -> Cow<'static, str> {
    match op {
        Op::Alloc => "alloc".into(),
        Op::AllocZeroed => "alloc-zeroed".into(),
        Op::Realloc => "realloc".into(),
        Op::Dealloc => "dealloc".into(),
        Op::SystemCall(call) => words(call).into(),
    }
}

/// The operation with this [`name`].
fn named(text: &str) -> Option<Op> {
    let request = Op::REQUESTS.into_iter().find(|op| name(*op) == text);
    request.or_else(|| told(text).map(Op::SystemCall))
}

/// `futex (lock)`; of a call that has no name, `call 511 (other)`. Numbers are those of Linux for x86-64, where such calls are
/// seen, and a class is a place among [`qadapt_calls::CLASSES`].
#[must_use]
pub fn words(call: Call) -> String {
    let class = qadapt_calls::CLASSES.get(usize::from(call.class)).copied().unwrap_or("other");
    match qadapt_calls::name(call.number) {
        Some(name) => format!("{name} ({class})"),
        None => format!("call {} ({class})", call.number),
    }
}

/// The call of which [`words`] said this.
fn told(words: &str) -> Option<Call> {
    let (name, class) = words.strip_suffix(')')?.split_once(" (")?;
    let number = name.strip_prefix("call ").and_then(|number| number.parse().ok());
    let number = number.or_else(|| qadapt_calls::number(name))?;
    let class = qadapt_calls::CLASSES.iter().position(|known| *known == class)?;
    Some(Call { number, class: u8::try_from(class).ok()? })
}

/// Writes the operation's name, for `#[serde(with = ..)]`.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(op: &Op, serializer: S) -> Result<S::Ok, S::Error> {
    name(*op).serialize(serializer)
}

/// Reads an operation by its name.
///
/// # Errors
/// Where what is there is no text, or names no operation.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Op, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    named(&text).ok_or_else(|| de::Error::custom(format_args!("`{text}` is no operation")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_found_by_its_name() {
        let wait = Op::SystemCall(Call { number: 202, class: 1 });
        let unknown = Op::SystemCall(Call { number: 511, class: 9 });
        for (op, name) in [
            (Op::Alloc, "alloc"),
            (Op::AllocZeroed, "alloc-zeroed"),
            (Op::Realloc, "realloc"),
            (Op::Dealloc, "dealloc"),
            (wait, "futex (lock)"),
            (unknown, "call 511 (other)"),
        ] {
            assert_eq!((super::name(op).as_ref(), named(name)), (name, Some(op)));
            let json = serialize(&op, serde_json::value::Serializer).expect("it is a string");
            assert_eq!(deserialize(json).expect("it was written"), op);
        }
        assert_eq!(noun(wait), "blocking call of futex (lock)");
        for name in ["free", "futex", "futex (wait)", "no_such_call (lock)"] {
            assert_eq!(named(name), None, "{name}");
        }
    }
}
