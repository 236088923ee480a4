//! What a region is called.
#![expect(unsafe_code, reason = "a string and a function share two words")]

use core::any::type_name;
use core::{fmt, mem, ptr, slice, str};

use qadapt_trace::FunctionName;

/// A region's name: what its author gave it, or the function that it is.
///
/// A method is named by its type, which only the compiler's later phases know. So such a name is a function that makes
/// it, called where the name is needed. Edges hand names over, and therefore a name is a pair of words in registers, as
/// a string is; an `enum` of the two would lie on the stack of the function that runs the region.
#[derive(Clone, Copy)]
pub(crate) struct Name {
    /// Where the string begins, or the function.
    start: *const (),
    /// The string's length in bytes; no string is as long as [`FUNCTION`].
    length: usize,
}

// SAFETY: a name stands for a `&'static str` or a function, which any thread may use.
unsafe impl Send for Name {}
// SAFETY: as above; a name never changes.
unsafe impl Sync for Name {}

/// The length that says that a name is a function.
const FUNCTION: usize = usize::MAX;

type Make = fn() -> FunctionName<'static>;

/// A function with an attribute. The attribute declares a type inside the function, and implements this for it.
pub trait Function {
    /// The module in which the function is written.
    const MODULE: &'static str;
}

impl Name {
    /// No name: zeros, so that a thread's start copies nothing.
    pub(crate) const NONE: Self = Self { start: ptr::null(), length: 0 };

    /// A name that the author gave; an empty one is none.
    #[inline(always)]
    pub(crate) const fn given(name: &'static str) -> Self {
        Self { start: name.as_ptr().cast(), length: name.len() }
    }

    /// The name of the function that declares `F`.
    #[inline(always)]
    pub(crate) const fn of<F: Function>() -> Self {
        let make: Make = || {
            let path = type_name::<F>();
            FunctionName::new(F::MODULE, path.rsplit_once("::").map_or(path, |(function, _)| function))
        };
        Self { start: make as *const (), length: FUNCTION }
    }

    /// Whether there is none.
    pub(crate) const fn is_none(self) -> bool {
        self.length == 0
    }

    /// What was given, or else the function's name.
    fn read(self) -> Result<&'static str, FunctionName<'static>> {
        if self.is_none() {
            return Ok("");
        }
        if self.length == FUNCTION {
            // SAFETY: `of` alone sets this length, which no string has, and sets `start` to a function of this type.
            let make = unsafe { mem::transmute::<*const (), Make>(self.start) };
            return Err(make());
        }
        // SAFETY: otherwise the two words are those of a `&'static str`, from `given`.
        let bytes = unsafe { slice::from_raw_parts(self.start.cast::<u8>(), self.length) };
        // SAFETY: the bytes are that string's.
        Ok(unsafe { str::from_utf8_unchecked(bytes) })
    }

    /// Hands out the name piece by piece. It allocates nothing.
    pub(crate) fn for_each_piece(self, mut each: impl FnMut(&'static str)) {
        match self.read() {
            Ok(name) => each(name),
            Err(function) => function.for_each_piece(each),
        }
    }

    /// Two numbers that two equal names of the same place share.
    pub(crate) fn identity(self) -> [usize; 2] {
        if self.is_none() { [0; 2] } else { [self.start.expose_provenance(), self.length] }
    }

    /// The name that has these numbers.
    ///
    /// # Safety
    /// [`identity`](Self::identity) gave them, in this process.
    #[cfg(feature = "profile")]
    pub(crate) unsafe fn of_identity([start, length]: [usize; 2]) -> Self {
        Self { start: ptr::with_exposed_provenance(start), length }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.read() {
            Ok(name) => f.write_str(name),
            Err(function) => function.fmt(f),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Name};

    struct Inside;

    impl Function for Inside {
        const MODULE: &'static str = module_path!();
    }

    #[test]
    fn a_name_is_what_it_was_made_of() {
        let name = |name: Name| (name.is_none(), name.to_string());
        assert_eq!(name(Name::given("a b")), (false, "a b".into()));
        assert_eq!(name(Name::NONE), (true, String::new()));
        // The path of the type, without the type: what is left is a module here, and a function in an expansion.
        assert_eq!(name(Name::of::<Inside>()), (false, "qadapt::model::name::tests".into()));
        let mut pieces = String::new();
        Name::of::<Inside>().for_each_piece(|piece| pieces.push_str(piece));
        assert_eq!(pieces, "qadapt::model::name::tests");
        assert_ne!(Name::of::<Inside>().identity(), Name::given("a b").identity());
    }
}
