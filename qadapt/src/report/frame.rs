//! A call on a resolved stack, and the line that it is made at.

use core::fmt;
use std::path::{Path, PathBuf};

use qadapt_advice::Frame as Named;

use super::origin::Origin;
use super::symbols::Symbol;
use crate::sys;

/// A call on a resolved stack. Inlined functions have frames of their own.
#[derive(Debug)]
pub(super) struct Frame {
    /// The return address.
    address: usize,
    function: Option<String>,
    file: Option<PathBuf>,
    line: u32,
    column: Option<u32>,
    pub(super) origin: Origin,
    library: Option<String>,
}

/// A line of the user's own code.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # use std::hint::black_box;
/// # let (sender, violations) = std::sync::mpsc::channel();
/// # qadapt::set_mode(qadapt::Mode::Log);
/// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
/// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
/// # if qadapt::is_active() {
/// # let violation = violations.recv().expect("the hook has sent it");
/// // The hook has got a `violation`:
/// if let Some(site) = violation.site() {
///     assert!(site.to_string().contains(&format!(":{}", site.line())));
/// }
/// # }
/// # drop(boxed);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    path: &'a Path,
    line: u32,
    column: Option<u32>,
}

impl<'a> Site<'a> {
    /// The source file, as the debug information names it.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// if let Some(site) = violation.site() {
    ///     assert!(site.path().extension().is_some_and(|extension| extension == "rs"));
    /// }
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn path(&self) -> &'a Path {
        self.path
    }

    /// The line, counted from 1.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.site().is_none_or(|site| site.line() > 0));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn line(&self) -> u32 {
        self.line
    }

    /// The column in bytes, counted from 1, where the debug information has it.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.site().is_none_or(|site| site.column() != Some(0)));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn column(&self) -> Option<u32> {
        self.column
    }
}

/// A function on a violation's call stack. Inlined functions have frames of their own.
///
/// # Examples
/// ```
/// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
/// # use std::hint::black_box;
/// # let (sender, violations) = std::sync::mpsc::channel();
/// # qadapt::set_mode(qadapt::Mode::Log);
/// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
/// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
/// # if qadapt::is_active() {
/// # let violation = violations.recv().expect("the hook has sent it");
/// // The hook has got a `violation`:
/// for frame in violation.frames().filter(|frame| !frame.is_internal()) {
///     println!("{:#x} {}", frame.address(), frame.function().unwrap_or("unknown"));
/// }
/// assert!(violation.frames().any(|frame| frame.is_internal()));
/// # }
/// # drop(boxed);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StackFrame<'a>(pub(super) &'a Frame);

impl<'a> StackFrame<'a> {
    /// The address that the call returns to; inlined functions have that of the function that they are part of.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.frames().all(|frame| frame.address() > 0));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.address
    }

    /// The function's path, if the program has symbols.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// let functions: Vec<&str> = violation.frames().filter_map(|frame| frame.function()).collect();
    /// assert!(functions.join(" < ").contains("main"));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn function(&self) -> Option<&'a str> {
        self.0.function.as_deref()
    }

    /// Where in the function the next inner one is called, if the program has debug information.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// let sites: Vec<_> = violation.frames().filter_map(|frame| frame.site()).collect();
    /// assert!(sites.iter().all(|site| site.line() > 0));
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn site(&self) -> Option<Site<'a>> {
        self.0.site()
    }

    /// The name of the file that the function is in, where that is a library which the program has loaded: a plug-in.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// let mut own = violation.frames().filter(|frame| !frame.is_internal());
    /// assert!(own.all(|frame| frame.library().is_none()), "they are in the program itself");
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn library(&self) -> Option<&'a str> {
        self.0.library.as_deref()
    }

    /// True for what reports fold: the standard library's, the allocator's and QADAPT's own.
    ///
    /// # Examples
    /// ```
    /// # #[global_allocator] static ALLOC: qadapt::QADAPT = qadapt::QADAPT;
    /// # use std::hint::black_box;
    /// # let (sender, violations) = std::sync::mpsc::channel();
    /// # qadapt::set_mode(qadapt::Mode::Log);
    /// # qadapt::set_violation_hook(move |violation| drop(sender.send(violation.clone())));
    /// let boxed = qadapt::assert_no_alloc(|| black_box(Box::new(7_u64)));
    /// # if qadapt::is_active() {
    /// # let violation = violations.recv().expect("the hook has sent it");
    /// // The hook has got a `violation`:
    /// assert!(violation.frames().any(|frame| frame.is_internal()), "the allocator's own");
    /// # }
    /// # drop(boxed);
    /// ```
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.0.origin.is_internal()
    }
}

/// `file:line:column`, the file relative to the working directory where it lies below it, and from the folder of its
/// crate on where it is a dependency's.
impl fmt::Display for Site<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let here = std::env::current_dir().unwrap_or_default();
        let path = self.path.strip_prefix(here).unwrap_or(self.path);
        let path = below_registry(path).unwrap_or(path);
        write!(f, "{}:{}", path.display(), self.line)?;
        self.column.map_or(Ok(()), |column| write!(f, ":{column}"))
    }
}

/// What lies below the folder of an index in Cargo's registry: `crate-1.0.0/src/lib.rs`.
fn below_registry(path: &Path) -> Option<&Path> {
    let mut parts = path.components();
    while let Some(part) = parts.next() {
        if part.as_os_str() == "registry" && parts.next()?.as_os_str() == "src" {
            parts.next()?;
            return Some(parts.as_path());
        }
    }
    None
}

impl Frame {
    pub(super) fn new(address: usize, symbol: Symbol) -> Self {
        let Symbol { function, file, line, column, is_system, library } = symbol;
        let origin = if is_system { Origin::Std } else { Origin::of(file.as_deref(), function.as_deref()) };
        Self { address, function, file, line, column, origin, library }
    }

    pub(super) fn named(&self) -> Named<'_> {
        let function = self.function.as_deref().unwrap_or_default();
        let file = self.file.as_deref().and_then(Path::to_str).unwrap_or_default();
        if self.origin == Origin::Own { Named::own(function, file) } else { Named::foreign(function, file) }
    }

    /// Its function's name, where it is known.
    pub(super) fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// Its source file, where it is known.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// True for what reports fold.
    pub(super) fn is_internal(&self) -> bool {
        self.origin.is_internal()
    }

    /// Its line, where it is known.
    pub(super) fn site(&self) -> Option<Site<'_>> {
        let path = self.file.as_deref()?;
        (self.line > 0).then_some(Site { path, line: self.line, column: self.column })
    }

    pub(super) fn fmt_line(&self, f: &mut impl fmt::Write) -> fmt::Result {
        write!(f, "       ")?;
        self.fmt_name(f)?;
        if let Some(site) = self.site() {
            write!(f, "  {site}")?;
        }
        match &self.library {
            Some(library) if self.function.is_some() => writeln!(f, "  ({library})"),
            _ => writeln!(f),
        }
    }

    /// The function; failing that, the file that the address was loaded from and the place in it.
    pub(super) fn fmt_name(&self, f: &mut impl fmt::Write) -> fmt::Result {
        if let Some(function) = &self.function {
            return f.write_str(function);
        }
        write!(f, "{:#x}", self.address)?;
        let mut place = None;
        // The address is the one that the frame returns to; the call is the byte before.
        sys::locate(self.address.saturating_sub(1), |module, offset| {
            place = Some((String::from_utf8_lossy(module).into_owned(), offset));
        });
        place.map_or(Ok(()), |(module, offset)| write!(f, " in {module}+{offset:#x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_named_by_its_crate() {
        let below = below_registry(Path::new("/home/u/.cargo/registry/src/index-1/memchr-2.7.0/src/lib.rs"));
        assert_eq!(below, Some(Path::new("memchr-2.7.0/src/lib.rs")));
        assert_eq!(below_registry(Path::new("/home/u/registry/main.rs")), None);
        assert_eq!(below_registry(Path::new("/registry/src")), None);
    }
}
