//! What each function of a file means to its callers: its role by name, and whether it comes back.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use super::addr_map::AddrMap;
use super::addresses::Addresses;
use super::body::{Body, Callee, Fate, Given};
use super::builders;
use super::cfg;
use super::context::{Budget, Context, Oracle};
use super::decode::Steps;
use super::eh::Catches;
use super::fixups::Slot;
use super::foreign;
use super::known;
use super::load::Image;
use super::mentions::Mentions;
use super::number::Few;
use super::replaced::Replaced;
use super::role::{Role, Sink};
use super::scratch::Scratch;
use super::start::Start;
use super::step::{Flow, Regs, Via};
use super::subject::Subject;
use super::table;
use super::thunk::{Thunk, thunk};
use super::wait;

/// How far a chain of functions that end in each other's calls is followed.
const DEEPEST: usize = 64;

/// How many instructions are looked at with numbers at most: regions that matter are small, and a survey has no need of it.
const MOST_WITH_NUMBERS: u64 = 1 << 19;

/// By the first address and the end of a stretch of code: where the tables begin through which it jumps.
type Tables = AddrMap<(u64, u64), Rc<BTreeSet<u64>>>;

/// Which functions never return, as far as it has been asked.
#[derive(Debug, Default)]
struct Stays {
    known: AddrMap<u64, bool>,
    /// Questions being answered, with their depth.
    open: AddrMap<u64, usize>,
    /// Answered "stays" if the open question at this depth is.
    aside: Vec<(u64, usize)>,
    depth: usize,
}

/// One file under analysis, with what has been found out about its functions.
pub(crate) struct Program<'a> {
    image: &'a Image<'a>,
    catches: &'a Catches<'a>,
    subject: Subject,
    budget: Budget,
    /// Statics of which is assumed that what they make once is made.
    initialised: Vec<Range<u64>>,
    /// Whether functions are followed with their numbers, and the work left for that.
    numbers: Cell<bool>,
    numbers_budget: Budget,
    /// Whether a function was found since that does not give back what it must.
    is_news: Cell<bool>,
    results: RefCell<AddrMap<u64, Option<Few>>>,
    roles: RefCell<AddrMap<u64, Role>>,
    tables: RefCell<Tables>,
    stays: RefCell<Stays>,
    fates: RefCell<AddrMap<u64, Fate>>,
    loose: RefCell<AddrMap<u64, Regs>>,
    replaced: Replaced,
    /// Where the file speaks of private function pointers, once one has been asked for.
    pub(super) mentions: OnceCell<Option<Mentions>>,
    /// What private function pointers can hold, of those that have been asked for.
    pub(super) chosen: RefCell<AddrMap<u64, Option<Rc<[u64]>>>>,
    /// The functions through which the addresses of statics have been followed.
    pub(super) followed: RefCell<AddrMap<u64, Rc<Body>>>,
    depth: Cell<usize>,
    /// For as many functions as are followed at once: an analysis may ask for another one.
    scratch: RefCell<Vec<Scratch>>,
}

impl<'a> Program<'a> {
    /// Prepares a file for questions of this kind.
    pub(crate) fn new(image: &'a Image<'a>, catches: &'a Catches<'a>, subject: Subject) -> Self {
        Self {
            image,
            catches,
            subject,
            // Each instruction is looked at a few times; far more than that is a file made to waste time.
            budget: Budget::new(image.code_bytes().saturating_mul(24).saturating_add(1 << 20)),
            initialised: Vec::new(),
            numbers: Cell::new(false),
            numbers_budget: Budget::new(MOST_WITH_NUMBERS),
            is_news: Cell::new(false),
            results: RefCell::default(),
            roles: RefCell::default(),
            tables: RefCell::default(),
            stays: RefCell::default(),
            fates: RefCell::default(),
            loose: RefCell::default(),
            replaced: Replaced::default(),
            mentions: OnceCell::new(),
            chosen: RefCell::default(),
            followed: RefCell::default(),
            depth: Cell::new(0),
            scratch: RefCell::default(),
        }
    }

    /// The same, following the addresses of these statics into callees.
    pub(crate) fn with_initialised(self, initialised: Vec<Range<u64>>) -> Self {
        Self { initialised, ..self }
    }

    /// The file.
    pub(crate) fn image(&self) -> &'a Image<'a> {
        self.image
    }

    /// The landing pads of its functions.
    pub(super) fn catches(&self) -> &'a Catches<'a> {
        self.catches
    }

    /// What is asked.
    pub(crate) fn subject(&self) -> Subject {
        self.subject
    }

    /// What a callee is, by its names.
    pub(crate) fn role(&self, callee: Callee) -> Role {
        match callee {
            Callee::Unknown(_) => Role::Plain,
            Callee::System(_) => Role::Sink(Sink::Wait),
            Callee::Import(index) => match self.foreign(self.image.import(index)) {
                // An allocator is believed by its name, but for what this file has under it.
                Role::Sink(Sink::Free) => match self.image.own_definition(index).map(Callee::Local) {
                    Some(own) if self.role(own) != Role::Sink(Sink::Free) => self.role(own),
                    _ => Role::Sink(Sink::Free),
                },
                sink @ Role::Sink(Sink::Alloc) => sink,
                role if self.image.is_of_c_library(index) => role,
                // So is Rust's, whose entries a dynamic standard library has. Whether they wait nobody knows.
                _ if self.subject == Subject::Allocation => known::entry(self.image.import(index)),
                // A name that anybody may have given to anything.
                _ => Role::Foreign,
            },
            Callee::Local(addr) => {
                if let Some(role) = self.roles.borrow().get(&addr) {
                    return *role;
                }
                let names = self.image.function_at(addr).map_or(&[][..], |f| &f.names);
                let mut role = Role::Plain;
                for name in names {
                    match known::local_role(name) {
                        // Its code tells whether it may wait.
                        Role::Sink(_) if self.subject == Subject::Blocking => {}
                        sink @ Role::Sink(_) => {
                            role = sink;
                            break;
                        }
                        Role::Plain => {}
                        other => role = other,
                    }
                }
                self.roles.borrow_mut().insert(addr, role);
                role
            }
        }
    }

    /// From now on an entry that frees is one that allocates.
    pub(crate) fn allocates_too(&self, entry: u64) {
        self.roles.borrow_mut().insert(entry, Role::Sink(Sink::Alloc));
    }

    /// From now on an entry that frees is a function like others: what it does besides is not known.
    pub(crate) fn is_looked_into(&self, entry: u64) {
        self.roles.borrow_mut().insert(entry, Role::Plain);
    }

    /// The role of a function by its name, which is the C library's.
    fn foreign(&self, name: &str) -> Role {
        match foreign::role(name) {
            role if self.subject == Subject::Allocation => role,
            _ if wait::of_function(name).is_some() => Role::Sink(Sink::Wait),
            role => role,
        }
    }

    /// Follows the control flow of a function or of a part of one; notes constant arguments if asked.
    pub(crate) fn body(&self, start: &Start, arguments: bool) -> Body {
        self.follow(start, arguments, true)
    }

    /// The same of a whole function, of whose callees nothing is known: not even that they give back the registers that they must.
    pub(crate) fn wary_body(&self, entry: u64) -> Body {
        self.follow(&Start::function(entry), false, false)
    }

    fn follow(&self, start: &Start, arguments: bool, gives_back: bool) -> Body {
        let context = Context {
            image: self.image,
            catches: self.catches,
            budget: if self.numbers.get() { &self.numbers_budget } else { &self.budget },
            arguments,
            gives_back,
            numbers: self.numbers.get(),
            initialised: &self.initialised,
            subject: self.subject,
        };
        let mut scratch = self.scratch.borrow_mut().pop().unwrap_or_default();
        let body = cfg::analyse(&context, self, start, &mut scratch);
        self.scratch.borrow_mut().push(scratch);
        body
    }

    /// Follows functions with their numbers from now on, until `look` ends. None if that took too much work, or if something came out
    /// that earlier answers did not know of.
    pub(crate) fn with_numbers<T>(&self, look: impl FnOnce() -> T) -> Option<T> {
        self.is_news.set(false);
        self.numbers.set(true);
        let found = look();
        self.numbers.set(false);
        (!self.is_news.get() && !self.numbers_budget.is_spent()).then_some(found)
    }

    /// Notes the registers that a function does not give back although it must; says whether that is news.
    ///
    /// Compilers make no such functions, but hand-written ones call each other so. Whoever called this one before must
    /// be looked at again.
    pub(crate) fn note_loose(&self, entry: u64, registers: Regs) -> bool {
        if registers == 0 {
            return false;
        }
        let mut loose = self.loose.borrow_mut();
        let known = loose.entry(entry).or_insert(0);
        let news = registers & !*known != 0;
        *known |= registers;
        if news {
            self.is_news.set(true);
            self.fates.borrow_mut().clear();
            // They were told of registers that may not have been given back.
            self.results.borrow_mut().clear();
        }
        news
    }

    /// Whether no return can be reached from the function's entry. Coarser than [`cfg::analyse`] and without its
    /// need to know the callees first: every call is taken to return, unless it is the last thing there is.
    fn never_returns(&self, entry: u64) -> bool {
        self.stays_below(entry).0
    }

    /// The answer, and the depth of the outermost open question that it rests on.
    ///
    /// Functions that panic call each other in circles. A function in a circle stays if all of the circle does: an
    /// open question is taken to be answered "stays", and a "stays" that rests on one is kept aside until that one
    /// is answered. A "returns" rests on nothing.
    fn stays_below(&self, entry: u64) -> (bool, usize) {
        {
            let stays = self.stays.borrow();
            if let Some(&known) = stays.known.get(&entry) {
                return (known, usize::MAX);
            }
            if let Some(&depth) = stays.open.get(&entry) {
                return (true, depth);
            }
            if let Some(&(_, rests_on)) = stays.aside.iter().find(|a| a.0 == entry) {
                return (true, rests_on);
            }
            if stays.depth >= DEEPEST {
                return (false, usize::MAX);
            }
        }
        let function = self.image.function_at(entry);
        if function.is_some_and(|function| function.names.iter().any(|name| known::never_returns(name))) {
            self.stays.borrow_mut().known.insert(entry, true);
            return (true, usize::MAX);
        }
        let (depth, first_aside) = {
            let mut stays = self.stays.borrow_mut();
            stays.depth += 1;
            let depth = stays.depth;
            stays.open.insert(entry, depth);
            (depth, stays.aside.len())
        };
        let (answer, rests_on) = self.scan_for_no_return(entry);
        let mut stays = self.stays.borrow_mut();
        stays.open.remove(&entry);
        stays.depth -= 1;
        if !answer {
            stays.aside.truncate(first_aside);
            stays.known.insert(entry, false);
            return (false, usize::MAX);
        }
        if rests_on < depth {
            stays.aside.push((entry, rests_on));
            return (true, rests_on);
        }
        for (member, _) in stays.aside.split_off(first_aside) {
            stays.known.insert(member, true);
        }
        stays.known.insert(entry, true);
        (true, usize::MAX)
    }

    fn scan_for_no_return(&self, entry: u64) -> (bool, usize) {
        const RETURNS: (bool, usize) = (false, usize::MAX);
        let bounds = self.image.bounds(entry);
        if !bounds.contains(&entry) {
            return RETURNS;
        }
        let Some(catches) = self.catches.of(entry) else { return RETURNS };
        let mut steps = Steps::new(self.image.code(bounds.start, bounds.end), bounds.start);
        let mut seen = Addresses::within(&bounds);
        let mut queue = vec![entry];
        queue.extend(catches.iter().map(|c| c.pad));
        // Calls and jumps that lead out and must not come back; asked last, as most functions have a plain return.
        let mut exits = Vec::new();
        // An entry of a linkage table reads its slot before it jumps through it, and may do that by a retpoline.
        if let Some(Thunk::Memory(mem)) = thunk(self.image, entry) {
            exits.push(self.fixed(Via::Mem(mem)));
            queue.clear();
        }
        while let Some(mut at) = queue.pop() {
            while seen.insert(at) {
                if !bounds.contains(&at) || !self.budget.take() {
                    return RETURNS;
                }
                let step = steps.flow_at(at);
                match step.flow {
                    Flow::Return | Flow::ReturnPast | Flow::Undecodable => return RETURNS,
                    Flow::Trap => break,
                    Flow::Jump(target) if bounds.contains(&target) => {
                        at = target;
                        continue;
                    }
                    Flow::Jump(target) => {
                        exits.push(Some(Callee::Local(target)));
                        break;
                    }
                    Flow::Branch(target, _) if bounds.contains(&target) => queue.push(target),
                    Flow::Branch(target, _) => exits.push(Some(Callee::Local(target))),
                    Flow::JumpVia(via) => {
                        exits.push(self.fixed(via));
                        break;
                    }
                    Flow::Call(target) if !bounds.contains(&step.next) => {
                        exits.push(Some(Callee::Local(target)));
                        break;
                    }
                    Flow::CallVia(via) if !bounds.contains(&step.next) => {
                        exits.push(self.fixed(via));
                        break;
                    }
                    // A call of a place in itself may be a jump in disguise, as in a retpoline.
                    Flow::Call(target) if bounds.contains(&target) => queue.push(target),
                    Flow::Next | Flow::System | Flow::Breakpoint | Flow::Call(_) | Flow::CallVia(_) => {}
                }
                at = step.next;
            }
        }
        let mut rests_on = usize::MAX;
        for exit in exits {
            let (stays, depth) = match exit {
                Some(Callee::Local(addr)) => self.stays_below(addr),
                Some(import @ Callee::Import(_)) => {
                    (matches!(self.role(import), Role::Abort | Role::Exit), usize::MAX)
                }
                _ => RETURNS,
            };
            if !stays {
                return RETURNS;
            }
            rests_on = rests_on.min(depth);
        }
        (true, rests_on)
    }

    /// A target that lies in constant memory at a fixed address.
    fn fixed(&self, via: Via) -> Option<Callee> {
        let Via::Mem(mem) = via else { return None };
        if mem.base.is_some() || mem.index.is_some() {
            return None;
        }
        match self.image.constant(mem.disp)? {
            Slot::Addr(addr) => Some(Callee::Local(addr)),
            Slot::Import(index) => Some(Callee::Import(index)),
        }
    }

    fn local_fate(&self, addr: u64) -> Fate {
        if let Some(&fate) = self.fates.borrow().get(&addr) {
            return fate;
        }
        let role = self.role(Callee::Local(addr));
        let fate = if role == Role::Exit {
            Fate::Stays
        } else if matches!(role, Role::Sink(_)) || !self.never_returns(addr) {
            Fate::Returns
        } else if role == Role::Panic {
            Fate::Panics
        } else {
            // Until its body is known, and for its own recursion: it stays, and what it does counts.
            self.fates.borrow_mut().insert(addr, Fate::Stays);
            if self.depth.get() >= DEEPEST {
                return Fate::Stays;
            }
            self.depth.set(self.depth.get() + 1);
            let panics = self.body(&Start::function(addr), false).panics();
            self.depth.set(self.depth.get() - 1);
            if panics { Fate::Panics } else { Fate::Stays }
        };
        self.fates.borrow_mut().insert(addr, fate);
        fate
    }
}

impl Program<'_> {
    fn local_result(&self, addr: u64) -> Option<Few> {
        if let Some(&known) = self.results.borrow().get(&addr) {
            return known;
        }
        if self.depth.get() >= DEEPEST {
            return None;
        }
        // For its own recursion it may return anything.
        self.results.borrow_mut().insert(addr, None);
        self.depth.set(self.depth.get() + 1);
        let result = self.body(&Start::function(addr), false).result;
        self.depth.set(self.depth.get() - 1);
        self.results.borrow_mut().insert(addr, result);
        result
    }
}

impl Oracle for Program<'_> {
    fn tables(&self, code: &Range<u64>) -> Rc<BTreeSet<u64>> {
        let mut tables = self.tables.borrow_mut();
        let known = tables.entry((code.start, code.end));
        Rc::clone(known.or_insert_with(|| Rc::new(table::begins(self.image, code))))
    }

    fn loose(&self, callee: Callee) -> Regs {
        match callee {
            Callee::Local(addr) => self.loose.borrow().get(&addr).copied().unwrap_or(0),
            _ => 0,
        }
    }

    fn replaces(&self, callee: Callee, given: &Given) -> bool {
        let is_known =
            |addr| builders::is_inner(self.image, addr) || builders::makes(self.image, addr).is_some();
        self.replaced.may_replace(callee, given, &|start| self.body(start, true), &is_known)
    }

    fn result(&self, callee: Callee) -> Option<Few> {
        match callee {
            Callee::Local(addr) if self.numbers.get() => self.local_result(addr),
            _ => None,
        }
    }

    fn fate(&self, callee: Callee) -> Fate {
        match callee {
            Callee::Unknown(_) | Callee::System(_) => Fate::Returns,
            Callee::Local(addr) => self.local_fate(addr),
            Callee::Import(_) => match self.role(callee) {
                Role::Abort => Fate::Panics,
                Role::Exit => Fate::Stays,
                _ => Fate::Returns,
            },
        }
    }
}
