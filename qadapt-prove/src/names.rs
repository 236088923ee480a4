//! Places as people know them: file, line and function, through inlined frames.

use std::cell::OnceCell;
use std::path::Path;
use std::rc::Rc;

use qadapt_code::origin::{Code, Origin, with_slashes};
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::debug::{Debug, DebugFiles};
use super::elf::Elf;
use super::load::Image;
use super::place::Place;
use super::symbol;

/// One frame of source code.
///
/// # Examples
/// ```
/// use qadapt_code::origin::Origin;
/// use qadapt_prove::{Frame, Place};
/// let at = Place { file: "src/main.rs".to_owned(), line: 12, column: 5 };
/// let frame = Frame { function: "app::step".to_owned(), at: Some(at), origin: Origin::Own };
/// assert!(frame.is_own());
/// assert_eq!(frame.line().map(|at| at.line), Some(12));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function, demangled.
    pub function: String,
    /// The place, if the debug information says.
    pub at: Option<Place>,
    /// Whose code it is.
    pub origin: Origin,
}

impl Frame {
    /// Whether it is the user's own code.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self.origin, Origin::Own | Origin::Wrapper)
    }

    /// The place, if it has a line.
    #[must_use]
    pub fn line(&self) -> Option<&Place> {
        self.at.as_ref().filter(|at| at.line > 0)
    }
}

impl Serialize for Frame {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Frame", 4)?;
        fields.serialize_field("function", &self.function)?;
        match &self.at {
            Some(at) => fields.serialize_field("at", at)?,
            None => fields.skip_field("at")?,
        }
        fields.serialize_field("own", &self.is_own())?;
        fields.serialize_field("origin", &self.origin)?;
        fields.end()
    }
}

/// Resolves addresses of one file.
pub(crate) struct Names<'a> {
    image: &'a Image<'a>,
    /// The file with the debug information, and what lies beside it.
    main: &'a Elf<'a>,
    files: &'a DebugFiles<'a>,
    debug: OnceCell<Option<Debug<'a>>>,
    code: Rc<Code>,
}

impl<'a> Names<'a> {
    /// Prepares a file; its debug information, which `main` has, is read at the first question.
    pub(crate) fn new(image: &'a Image<'a>, main: &'a Elf<'a>, files: &'a DebugFiles<'a>) -> Self {
        let code = Rc::new(Code::below(Path::new("")));
        Self { image, main, files, debug: OnceCell::new(), code }
    }

    /// The same, where it is known whose code is the user's own.
    pub(crate) fn with_code(self, code: &Rc<Code>) -> Self {
        Self { code: Rc::clone(code), ..self }
    }

    /// The debug information, if there is any.
    pub(crate) fn debug(&self) -> Option<&Debug<'a>> {
        self.debug.get_or_init(|| self.files.open(self.main)).as_ref()
    }

    /// The demangled name of the function that covers an address.
    pub(crate) fn function(&self, addr: u64) -> String {
        match self.image.function_covering(addr) {
            Some(f) => f.names.first().map_or_else(|| format!("{addr:#x}"), |n| symbol::name(n)),
            None => format!("{addr:#x}"),
        }
    }

    /// The demangled names of all functions whose code is the one that covers an address: identical ones are folded.
    pub(crate) fn functions(&self, addr: u64) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for name in self.image.function_covering(addr).map_or(&[][..], |f| &f.names) {
            let name = symbol::name(name);
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The frames at an instruction, innermost first; never empty.
    pub(crate) fn frames(&self, addr: u64) -> Vec<Frame> {
        let mut frames = self.debug().map_or_else(Vec::new, |debug| self.placed(debug, addr));
        if frames.is_empty() {
            let function = self.function(addr);
            let origin = self.code.origin(None, &function, 0);
            frames.push(Frame { function, at: None, origin });
        }
        if let Some(outer) = frames.last_mut()
            && outer.function.is_empty()
        {
            outer.function = self.function(addr);
        }
        frames
    }

    fn placed(&self, debug: &Debug<'_>, addr: u64) -> Vec<Frame> {
        let mut found = Vec::new();
        let Ok(mut iter) = debug.answer(debug.context().find_frames(addr)) else { return found };
        // A damaged file could nest for ever.
        while found.len() < 256 {
            let Ok(Some(frame)) = iter.next() else { break };
            let function = frame
                .function
                .as_ref()
                .and_then(|f| f.raw_name().ok())
                .map(|n| symbol::name(&n))
                .unwrap_or_default();
            let location = frame.location.as_ref();
            let at = location.and_then(|l| l.file).map(|file| Place {
                file: with_slashes(file).into_owned(),
                line: location.and_then(|l| l.line).unwrap_or(0),
                column: location.and_then(|l| l.column).unwrap_or(0),
            });
            let line = at.as_ref().map_or(0, |at| at.line);
            let origin = self.code.origin(at.as_ref().map(|at| at.file.as_str()), &function, line);
            found.push(Frame { function, at, origin });
        }
        found
    }
}
