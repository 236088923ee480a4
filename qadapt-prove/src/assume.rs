//! What the user vouches for: `[[prove.assume]]` entries of `qadapt.toml`, each with its reason.

use std::cell::{Cell, OnceCell, RefCell};
use std::ops::Range;
use std::path::PathBuf;
use std::rc::Rc;

use qadapt_code::near;
use qadapt_code::origin::{Code, Sites};
use regex::Regex;
use serde::Deserialize;

use super::about::{self, About, Entry, Said};
use super::anchor;
use super::body::{Call, Callee};
use super::cover::{Assumptions, Callees, Cover, Vouched};
use super::invalid::Invalid;
use super::load::Image;
use super::names::Names;
use super::once;
use super::permits::{Permits, Under};
use super::subject::Subject;
use super::symbol;

/// The section as it is written. [`Settings::of`] has an example.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Section {
    #[serde(default)]
    assume: Vec<Entry>,
    #[serde(default)]
    require: Vec<String>,
    allocator_out_of_line: Option<String>,
    not_overridden: Option<String>,
}

/// One assumption, and what has come of it.
#[derive(Clone, Debug)]
struct Assumption {
    about: About,
    /// The question that it speaks of; both if there is none.
    subject: Option<Subject>,
    /// As it is written.
    written: String,
    /// Whether it speaks of anything in the files that were read.
    matched: Cell<bool>,
    /// What was perhaps meant.
    near: RefCell<Vec<String>>,
}

/// The `prove` section of a `qadapt.toml`. By default nothing is assumed, and no proof is kept.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What is asked.
    pub(crate) subject: Subject,
    assumptions: Vec<Assumption>,
    /// The assumptions in words, for verdicts.
    pub(crate) words: Vec<String>,
    /// Globs of regions that must be proven.
    pub require: Vec<String>,
    /// Why no copy of the allocator's methods can have been inlined.
    pub(crate) allocator_out_of_line: Option<String>,
    not_overridden: Option<u32>,
    /// Whose code is the user's own; told by the paths alone where there is no workspace.
    pub code: Option<Rc<Code>>,
    /// The same as it is settled.
    pub sites: Sites,
    /// The folder in which proofs are kept from one run to the next; none keeps none.
    pub kept: Option<PathBuf>,
}

impl Settings {
    /// Of the section, and of what is settled about sites.
    ///
    /// # Errors
    /// What is wrong with an assumption, in words.
    ///
    /// # Examples
    /// ```
    /// use qadapt_prove::{Section, Settings};
    /// let section: Section = toml::from_str(
    ///     r#"
    ///     [[assume]]
    ///     foreign = "cosf"
    ///     reason = "it computes"
    ///     "#,
    /// )?;
    /// let settings = Settings::of(section, Default::default())?;
    /// // No file has been read yet.
    /// assert_eq!(settings.unmatched(), ["the assumption `foreign = \"cosf\"` matches nothing"]);
    ///
    /// let section: Section = toml::from_str("[[assume]]\nforeign = 'cosf'\nreason = ''")?;
    /// let problem = Settings::of(section, Default::default()).expect_err("there is no reason");
    /// assert_eq!(problem.to_string(), "an assumption has an empty `reason`; say why it holds");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(section: Section, sites: Sites) -> Result<Self, Invalid> {
        let mut settings = Self {
            sites,
            require: section.require,
            allocator_out_of_line: section.allocator_out_of_line,
            ..Self::default()
        };
        if settings.allocator_out_of_line.as_ref().is_some_and(|r| r.trim().is_empty()) {
            return Err(Invalid::Empty("allocator-out-of-line"));
        }
        for entry in section.assume {
            let Said { about, subject, written, words } = entry.read()?;
            settings.assumptions.push(Assumption {
                about,
                subject,
                written,
                matched: Cell::new(false),
                near: RefCell::default(),
            });
            settings.words.push(words);
        }
        if let Some(reason) = section.not_overridden {
            if reason.trim().is_empty() {
                return Err(Invalid::Empty("not-overridden"));
            }
            settings.not_overridden = u32::try_from(settings.words.len()).ok();
            settings
                .words
                .push(format!("no other object overrides what this one exports: {}", reason.trim()));
        }
        Ok(settings)
    }

    /// The settings that are about what is asked. What regions must be proven is about allocation.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        let further = self.words.split_off(self.assumptions.len());
        let of_subject =
            |(assumption, _): &(Assumption, String)| assumption.subject.is_none_or(|of| of == subject);
        let all = std::mem::take(&mut self.assumptions).into_iter().zip(std::mem::take(&mut self.words));
        (self.assumptions, self.words) = all.filter(of_subject).unzip();
        self.not_overridden = self.not_overridden.and_then(|_| u32::try_from(self.words.len()).ok());
        self.words.extend(further);
        self.subject = subject;
        if subject == Subject::Blocking {
            self.require.clear();
        }
        self
    }

    /// All that a proof depends on, but for whose code is whose and the folder: also what is known of the assumptions from
    /// files that were read before.
    pub(super) fn asked(&self) -> String {
        let Self {
            subject,
            assumptions,
            words,
            require: _,
            allocator_out_of_line,
            not_overridden,
            code: _,
            sites: _,
            kept: _,
        } = self;
        format!("{subject:?} {assumptions:?} {words:?} {allocator_out_of_line:?} {not_overridden:?}")
    }

    /// What is known so far of each assumption: whether it speaks of anything, and what was perhaps meant.
    pub(super) fn known(&self) -> Vec<(bool, Vec<String>)> {
        self.assumptions.iter().map(|a| (a.matched.get(), a.near.borrow().clone())).collect()
    }

    /// The same, as it was after a proof that was kept.
    pub(super) fn recall(&self, known: Vec<(bool, Vec<String>)>) {
        for (assumption, (matched, near)) in self.assumptions.iter().zip(known) {
            assumption.matched.set(matched);
            *assumption.near.borrow_mut() = near;
        }
    }

    /// Where the statics lie of which is assumed that what they make once is made.
    pub(crate) fn initialised(&self, image: &Image<'_>) -> Vec<Range<u64>> {
        let patterns: Vec<&Regex> = self.assumptions.iter().filter_map(Assumption::initialised).collect();
        if patterns.is_empty() {
            return Vec::new();
        }
        let is_meant = |name: &str| patterns.iter().any(|pattern| pattern.is_match(name));
        image
            .statics()
            .filter(|(_, name)| is_meant(&symbol::name(name)))
            .map(|(range, _)| range.clone())
            .collect()
    }

    /// What is wrong with assumptions that speak of nothing in all the files that were read.
    #[must_use]
    pub fn unmatched(&self) -> Vec<String> {
        self.assumptions
            .iter()
            .filter(|a| !a.matched.get())
            .map(|a| {
                let near = near::words(&a.near.borrow());
                let needs = match a.about {
                    About::Callees(..) => {
                        " (a call at that place; of each function the symbol, or of a method without type parameters the name; a linker that keeps \
                          names: GNU ld or LLD)"
                    }
                    _ => "",
                };
                format!("the assumption `{}` matches nothing{needs}{near}", a.written)
            })
            .collect()
    }
}

/// The settings applied to one file.
pub(crate) struct Applied<'s, 'a> {
    /// The settings.
    pub(crate) settings: &'s Settings,
    /// The file.
    pub(crate) image: &'a Image<'a>,
    /// Its places.
    pub(crate) names: &'s Names<'a>,
    /// Its permits, once they are known.
    pub(crate) permits: OnceCell<Permits>,
    /// Where the functions begin that each assumption says calls lead to.
    callees: OnceCell<Vec<Option<Vec<u64>>>>,
}

impl<'s, 'a> Applied<'s, 'a> {
    /// As said of a file, of which nothing has been asked yet.
    pub(crate) fn to(image: &'a Image<'a>, names: &'s Names<'a>, settings: &'s Settings) -> Self {
        Self { settings, image, names, permits: OnceCell::new(), callees: OnceCell::new() }
    }
}

impl Applied<'_, '_> {
    /// Where the functions begin that are called so.
    fn called(&self, wanted: &str) -> Vec<u64> {
        let whole = self.image.functions().iter().filter(|function| !function.is_fragment());
        whole
            .filter(|function| function.names.iter().any(|symbol| is_named_so(symbol, wanted)))
            .map(|function| function.addr)
            .collect()
    }

    /// Where the functions of these names begin; none if one of them is not in the file, or if names may have been lost.
    fn beginnings(&self, names: &[String]) -> Option<Vec<u64>> {
        if self.image.loses_names() {
            return None;
        }
        let all: Vec<Vec<u64>> = names.iter().map(|wanted| self.called(wanted)).collect();
        all.iter().all(|found| !found.is_empty()).then(|| all.concat())
    }

    /// What each assumption says of where calls lead.
    fn all_callees(&self) -> &[Option<Vec<u64>>] {
        let of = |assumption: &Assumption| match &assumption.about {
            About::Callees(_, names) => self.beginnings(names),
            _ => None,
        };
        self.callees.get_or_init(|| self.settings.assumptions.iter().map(of).collect())
    }

    fn is_named(&self, addr: u64, pattern: &Regex) -> bool {
        self.image.function_covering(addr).is_some_and(|f| f.names.iter().any(|n| names_it(pattern, n)))
    }

    /// Whether a call is made in a function: by its symbol, or as an inlined part of the region.
    fn is_in(&self, site: u64, pattern: &Regex) -> bool {
        self.is_named(site, pattern)
            || self
                .names
                .frames(site)
                .iter()
                .take_while(|frame| !anchor::is_guard(frame))
                .any(|frame| is_called(pattern, &frame.function))
    }

    /// The symbols of functions that have one of these names in common with others, and the names most like those that no function has.
    fn near_missing(&self, names: &[String]) -> Vec<String> {
        let functions = || self.image.functions().iter().flat_map(|f| f.names.iter().copied());
        let missing = names.iter().filter(|wanted| self.called(wanted).is_empty());
        let near = |wanted: &String| {
            let symbols: Vec<String> =
                functions().filter(|symbol| symbol::name(symbol) == *wanted).map(str::to_owned).collect();
            if symbols.is_empty() { near::near(wanted, functions().map(symbol::name)) } else { symbols }
        };
        missing.flat_map(near).collect()
    }

    /// Notes which assumptions speak of anything in this file, whether or not a region comes there, and what those that
    /// do not may have meant.
    pub(crate) fn conclude(&self) {
        for assumption in self.settings.assumptions.iter().filter(|a| !a.matched.get()) {
            let functions = || self.image.functions().iter().flat_map(|f| f.names.iter());
            let statics = || self.image.statics().map(|(_, name)| symbol::name(name));
            let imports = || self.image.imports().iter().map(|i| i.name.to_owned());
            let matched = match &assumption.about {
                About::Function(p) | About::CallsIn(p) => functions().any(|n| names_it(p, n)),
                About::Foreign(p) => imports().any(|n| p.is_match(&n)),
                About::Initialised(p) => statics().any(|n| p.is_match(&n)),
                About::At(..) | About::Callees(..) => false,
            };
            assumption.matched.set(matched);
            if matched {
                continue;
            }
            let subject = assumption.subject();
            assumption.near.borrow_mut().extend(match &assumption.about {
                About::Function(_) | About::CallsIn(_) => near::near(
                    subject,
                    functions().map(|n| symbol::name(n)).filter(|n| !anchor::is_guard_name(n)),
                ),
                About::Foreign(_) => near::near(subject, imports()),
                About::Initialised(_) => near::near(subject, statics()),
                About::At(..) => Vec::new(),
                About::Callees(_, names) => self.near_missing(names),
            });
        }
    }
}

impl Assumption {
    /// Of which statics it says that they are made.
    fn initialised(&self) -> Option<&Regex> {
        match &self.about {
            About::Initialised(pattern) => Some(pattern),
            _ => None,
        }
    }

    /// What stands between the first quotes.
    fn subject(&self) -> &str {
        self.written.split('"').nth(1).unwrap_or("")
    }
}

/// Whether a pattern speaks of a symbol. The guard's own functions are those of all regions: nothing speaks of them.
fn names_it(pattern: &Regex, symbol: &str) -> bool {
    if pattern.is_match(symbol) {
        return !anchor::is_guard_name(&symbol::name(symbol));
    }
    let name = symbol::name(symbol);
    is_called(pattern, &name) && !anchor::is_guard_name(&name)
}

/// Whether this is what a symbol is called: itself, or by a name that stands for no other function.
fn is_named_so(symbol: &str, wanted: &str) -> bool {
    symbol == wanted || about::stands_for_one(wanted) && symbol::name(symbol) == wanted
}

/// Whether a pattern is a function's name, or the name of the function that a closure is written in.
fn is_called(pattern: &Regex, function: &str) -> bool {
    let of_closure = || function.find("::{").map(|end| &function[..end]);
    pattern.is_match(function) || of_closure().is_some_and(|name| pattern.is_match(name))
}

impl Assumptions for Applied<'_, '_> {
    fn covers(&self, site: u64, callee: Callee) -> Option<Cover> {
        if self.settings.assumptions.is_empty() {
            return None;
        }
        let mut frames = None;
        let mut below = Vouched::default();
        for (i, assumption) in (0u32..).zip(&self.settings.assumptions) {
            let cover = match (&assumption.about, callee) {
                (About::Function(p), Callee::Local(addr)) if self.is_named(addr, p) => Cover::Call(i),
                (About::Foreign(p), Callee::Import(import)) if p.is_match(self.image.import(import)) => {
                    Cover::Call(i)
                }
                (About::CallsIn(p), Callee::Unknown(why)) if why.is_indirect() && self.is_in(site, p) => {
                    Cover::Call(i)
                }
                // One after another may be about the same place, each with what it speaks of.
                (About::At(anchor, _), _)
                    if i < Vouched::MOST
                        && !callee.is_extracted(self.image)
                        && anchor.is_at(frames.get_or_insert_with(|| self.names.frames(site))) =>
                {
                    assumption.matched.set(true);
                    below = below.and(i);
                    continue;
                }
                _ => continue,
            };
            assumption.matched.set(true);
            return Some(cover);
        }
        (!below.is_none()).then_some(Cover::Below(below))
    }

    fn callees(&self, site: u64) -> Option<Callees> {
        let is_said = |assumption: &&Assumption| matches!(assumption.about, About::Callees(..));
        self.settings.assumptions.iter().find(is_said)?;
        let frames = self.names.frames(site);
        // What the guard calls where a region is opened is no call of the program's.
        let mut known = frames.iter().filter(|frame| frame.is_own() || anchor::is_guard(frame));
        if known.next().is_some_and(anchor::is_guard) {
            return None;
        }
        let mut found = Callees::default();
        for ((number, assumption), callees) in
            (0u32..).zip(&self.settings.assumptions).zip(self.all_callees())
        {
            let About::Callees(anchor, _) = &assumption.about else { continue };
            if let Some(callees) = callees.as_deref().filter(|_| anchor.is_at(&frames)) {
                assumption.matched.set(true);
                found.by.push(number);
                found.functions.extend(callees);
            }
        }
        (!found.by.is_empty()).then_some(found)
    }

    fn is_made(&self, call: &Call) -> Option<u32> {
        if !self.settings.assumptions.iter().any(|a| a.initialised().is_some()) {
            return None;
        }
        let name = symbol::name(self.image.static_at(once::cell(self.image, call)?)?);
        let mut all = (0u32..).zip(&self.settings.assumptions);
        all.find(|(_, a)| a.initialised().is_some_and(|p| p.is_match(&name))).map(|(i, _)| i)
    }

    fn speaks_of(&self, number: u32, callee: Callee) -> bool {
        match self.settings.assumptions.get(number as usize).map(|a| &a.about) {
            Some(About::At(_, Some(foreign))) => {
                matches!(callee, Callee::Import(i) if foreign.is_match(self.image.import(i)))
            }
            Some(About::At(_, None)) => true,
            _ => false,
        }
    }

    fn not_overridden(&self) -> Option<u32> {
        self.settings.not_overridden
    }

    fn under(&self, site: u64, callee: Callee) -> Under {
        match (self.permits.get(), self.names.debug()) {
            (Some(permits), Some(debug)) => permits.under(self.image, debug, site, callee),
            _ => Under::Nothing,
        }
    }

    fn some_forbid(&self) -> bool {
        self.permits.get().is_some_and(Permits::some_forbid)
    }

    fn has_region(&self, entry: u64) -> bool {
        self.permits.get().is_some_and(|permits| permits.has_region(entry))
    }
}

/// No assumptions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing;

impl Assumptions for Nothing {
    fn covers(&self, _: u64, _: Callee) -> Option<Cover> {
        None
    }

    fn speaks_of(&self, _: u32, _: Callee) -> bool {
        false
    }

    fn not_overridden(&self) -> Option<u32> {
        None
    }
}
