//! What is known of one register: a constant, a few numbers, and enough about indices to read jump tables.

use super::number::{Few, low_bits};
use super::step::Reg;

/// What is known of one register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing.
    Any,
    /// Exactly this address, from where the file would lie if it were loaded where it says; a number too where it is not told.
    Const(u64),
    /// Exactly this number, which does not depend on where the file is loaded.
    Number(u64),
    /// The address of a symbol of another object.
    Import(u32),
    /// This far from the stack pointer at the function's entry; beyond [`ALIGNED`](super::own::ALIGNED), from what it was once rounded
    /// down to.
    Frame(i64),
    /// What this register, which a callee must keep, held at the function's entry.
    Saved(Reg),
    /// The address that the function is to return to.
    Home,
    /// The address of a `core::fmt::Formatter` whose writer has this vtable.
    Formatter(u64),
    /// The address of one, perhaps: on one of the ways that come together it was.
    MaybeFormatter,
    /// The low `bits` are at most `max`.
    AtMost {
        /// How many low bits the bound speaks of; 64 for the whole register.
        bits: u8,
        /// The bound, inclusive.
        max: u64,
        /// Where it comes from.
        from: Bound,
    },
    /// The low bits are one of these; for a whole register, of two at least.
    Few(Few),
    /// An entry of the table of offsets at `table`.
    Entry {
        /// Address of entry 0.
        table: u64,
        /// What its entries are.
        offsets: Offsets,
        /// What is known of the highest index.
        last: Last,
    },
    /// `base` plus what an entry of the table of offsets at `table` stands for.
    Target {
        /// Address of entry 0.
        table: u64,
        /// What its entries are.
        offsets: Offsets,
        /// What the entry is added to.
        base: u64,
        /// What is known of the highest index.
        last: Last,
    },
}

/// What the entries of a table of offsets are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Offsets {
    /// 32 bits with a sign: bytes.
    Words,
    /// 16 bits without one: words of 4 bytes.
    Halves,
    /// 8 bits without one: words of 4 bytes.
    Bytes,
}

/// Where a bound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// More does not fit.
    Width,
    /// A mask.
    Mask,
    /// A comparison.
    Check,
}

/// What is known of the highest index into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Last {
    /// Nothing that ends a table.
    Unknown,
    /// A wider index does not fit where it comes from; the table may well be shorter.
    Width(u16),
    /// The code cuts it to this; the table may be shorter.
    Masked(u16),
    /// The code checks it: the table has all entries up to it.
    Checked(u16),
    /// The code checks it, and the table has more entries than the others can say.
    Long,
}

impl Value {
    pub(super) fn join(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        // Only the bound of a table's index may differ: keep the table, forget the bound.
        match (self, other) {
            (Self::Entry { table: a, offsets, .. }, Self::Entry { table: b, offsets: other, .. })
                if a == b && offsets == other =>
            {
                Self::Entry { table: a, offsets, last: Last::Unknown }
            }
            (
                Self::Target { table: a, offsets, base: x, .. },
                Self::Target { table: b, offsets: other, base: y, .. },
            ) if a == b && x == y && offsets == other => {
                Self::Target { table: a, offsets, base: x, last: Last::Unknown }
            }
            // Whoever writes through it may write to the writer.
            _ if self.is_formatter() || other.is_formatter() => Self::MaybeFormatter,
            _ => Self::Any,
        }
    }

    /// Whether it is the address of a `core::fmt::Formatter`, or may be one that is known elsewhere.
    pub(super) fn is_formatter(self) -> bool {
        matches!(self, Self::Formatter(_) | Self::MaybeFormatter)
    }

    /// The same of two values where it matters which numbers there can be.
    pub(super) fn join_numbers(self, other: Self) -> Self {
        match self.join(other) {
            Self::Any => {}
            joined => return joined,
        }
        if let (Some(a), Some(b)) = (self.few(), other.few())
            && let Some(both) = a.or(b)
        {
            return Self::of_few(both);
        }
        match (self.most(), other.most()) {
            (Some(a), Some(b)) => Self::AtMost { bits: 64, max: a.max(b), from: Bound::Mask },
            _ => Self::Any,
        }
    }

    /// The value that is one of these numbers.
    pub(crate) fn of_few(few: Few) -> Self {
        match few.only() {
            Some(number) if few.bits() >= 64 => Self::Number(number),
            _ => Self::Few(few),
        }
    }

    /// The numbers that the low bits can be, if they are few; of as many bits as is known.
    pub(crate) fn few(self) -> Option<Few> {
        match self {
            // The loader moves an address: what becomes of that in calculations and comparisons is not known.
            Self::Number(number) => Few::of(64, [number]),
            Self::Few(few) => Some(few),
            Self::AtMost { bits, max, .. } if max < 64 => Few::of(bits, 0..=max),
            _ => None,
        }
    }

    /// The address or number that it is exactly.
    pub(crate) fn exact(self) -> Option<u64> {
        match self {
            Self::Const(number) | Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The same of so many bits.
    pub(crate) fn few_of(self, bits: u8) -> Option<Few> {
        self.few()?.cut(bits)
    }

    /// The highest number that the whole register can be, if that is no address.
    fn most(self) -> Option<u64> {
        let max = match self {
            Self::Number(number) => number,
            Self::Few(few) if few.bits() >= 64 => few.iter().max()?,
            Self::AtMost { bits: 64, max, .. } => max,
            _ => return None,
        };
        u32::try_from(max).is_ok().then_some(max)
    }

    /// What is believed of it once it is read back from the function's own stack: no number, which others may reach there.
    pub(super) fn of_memory(self) -> Self {
        match self {
            Self::Number(_) | Self::Few(_) | Self::AtMost { .. } => Self::Any,
            other => other,
        }
    }

    pub(super) fn last_index(self) -> Last {
        if let (Self::Few(_), Some(Ok(max))) = (self, self.most().map(u16::try_from)) {
            return Last::Masked(max);
        }
        let Self::AtMost { bits: 64, max, from } = self else { return Last::Unknown };
        match (u16::try_from(max), from) {
            (Ok(max), Bound::Check) => Last::Checked(max),
            (Err(_), Bound::Check) if u32::try_from(max).is_ok() => Last::Long,
            (Ok(max), Bound::Mask) => Last::Masked(max),
            (Ok(max), Bound::Width) => Last::Width(max),
            _ => Last::Unknown,
        }
    }
}

/// More numbers than that are not followed through calculations: a loop would make one more each time.
const MOST_NUMBERS: u32 = 8;

/// What becomes of any two of these numbers, cut to so many bits; the rest is zero.
pub(super) fn numbers(left: Few, right: Few, bits: u8, what: impl Fn(u64, u64) -> u64) -> Value {
    if left.count().saturating_mul(right.count()) > MOST_NUMBERS {
        return Value::Any;
    }
    let what = &what;
    let all = left.iter().flat_map(|a| right.iter().map(move |b| what(a, b) & low_bits(bits)));
    Few::of(64, all).map_or(Value::Any, Value::of_few)
}

/// The sum of two values.
pub(super) fn add(a: Value, b: Value) -> Value {
    match (a, b) {
        (Value::Const(x), Value::Const(y) | Value::Number(y)) | (Value::Number(y), Value::Const(x)) => {
            Value::Const(x.wrapping_add(y))
        }
        (Value::Number(x), Value::Number(y)) => Value::Number(x.wrapping_add(y)),
        (Value::Frame(at), Value::Const(by) | Value::Number(by))
        | (Value::Const(by) | Value::Number(by), Value::Frame(at)) => {
            Value::Frame(at.wrapping_add_unsigned(by))
        }
        (Value::Entry { table, offsets: Offsets::Words, last }, Value::Const(base) | Value::Number(base))
        | (Value::Const(base) | Value::Number(base), Value::Entry { table, offsets: Offsets::Words, last }) => {
            Value::Target { table, offsets: Offsets::Words, base, last }
        }
        (Value::AtMost { bits: 64, max, from }, Value::Const(0) | Value::Number(0)) => {
            Value::AtMost { bits: 64, max, from }
        }
        (Value::Few(_), Value::Number(_) | Value::Few(_)) | (Value::Number(_), Value::Few(_)) => {
            match (a.few_of(64), b.few_of(64)) {
                (Some(a), Some(b)) => numbers(a, b, 64, u64::wrapping_add),
                _ => Value::Any,
            }
        }
        _ => Value::Any,
    }
}
