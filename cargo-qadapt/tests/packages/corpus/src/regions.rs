//! Regions that try to mislead a proof.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BinaryHeap, HashMap, HashSet, VecDeque};
use std::ffi::{CString, c_char, c_int, c_void};
use std::fmt::Write as _;
use std::future::Future;
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::task::{Context, Poll, Waker};

const ALL: usize = crate::measure::INPUTS;

unsafe extern "C" {
    fn strlen(s: *const c_char) -> usize;
    fn strdup(s: *const c_char) -> *mut c_char;
    fn free(p: *mut c_void);
    fn qsort(base: *mut c_void, n: usize, size: usize, cmp: extern "C" fn(*const c_void, *const c_void) -> c_int);
}

extern "C" fn compare_quiet(a: *const c_void, b: *const c_void) -> c_int {
    // SAFETY: `qsort` passes pointers to two elements of its array, which holds `u32`s.
    unsafe { *a.cast::<u32>() }.cmp(&unsafe { *b.cast::<u32>() }) as c_int
}

extern "C" fn compare_loud(a: *const c_void, b: *const c_void) -> c_int {
    black_box(Box::new(1u8));
    compare_quiet(a, b)
}

/// Writes into a fixed buffer.
pub struct Stack {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Stack {
    fn default() -> Self {
        Self { bytes: [0; 64], len: 0 }
    }
}

impl Stack {
    pub fn len(&self) -> usize {
        self.len
    }
}

impl std::fmt::Write for Stack {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.len + s.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}

/// Allocates for each piece of text.
#[derive(Default)]
pub struct LoudText(usize);

impl LoudText {
    pub fn len(&self) -> usize {
        self.0
    }
}

impl std::fmt::Write for LoudText {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.0 += loud(s.len());
        Ok(())
    }
}

/// Allocates for single characters only.
#[derive(Default)]
pub struct LoudChar(usize);

impl LoudChar {
    pub fn len(&self) -> usize {
        self.0
    }
}

impl std::fmt::Write for LoudChar {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.0 += s.len();
        Ok(())
    }

    fn write_char(&mut self, c: char) -> std::fmt::Result {
        self.0 += loud(c.len_utf8());
        Ok(())
    }
}

struct QuietText(usize);

impl std::fmt::Display for QuietText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

struct LoudShown(usize);

impl std::fmt::Display for LoudShown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(black_box(self.0.to_string()).as_str())
    }
}

#[inline(never)]
fn makes_loud(a: &mut &dyn Act) {
    *black_box(a) = &Loud;
}

#[inline(never)]
fn changes_pointer(f: &mut [fn(usize) -> usize; 2], i: usize) {
    black_box(f)[i % 2] = |n| black_box(loud(n));
}

/// Says what it does.
pub trait Act {
    fn act(&self, i: usize) -> usize;
}

pub struct Quiet;
pub struct Loud;

impl Act for Quiet {
    fn act(&self, i: usize) -> usize {
        i + 1
    }
}

impl Act for Loud {
    fn act(&self, i: usize) -> usize {
        black_box(vec![i; i + 1]).len()
    }
}

pub fn quiet(i: usize) -> usize {
    i.rotate_left(3)
}

pub fn loud(i: usize) -> usize {
    *black_box(Box::new(i))
}

#[inline(never)]
fn generic<A: Act>(a: &A, i: usize) -> usize {
    a.act(i) ^ 5
}

#[inline(never)]
fn calls_dyn(a: &dyn Act, i: usize) -> usize {
    let first = a.act(i);
    black_box(first) ^ a.act(i + 1)
}

#[inline(never)]
fn passes_dyn(i: usize, a: &dyn Act) -> usize {
    calls_dyn(a, black_box(i)) + 1
}

#[inline(never)]
fn calls_pointer(i: usize, f: fn(usize) -> usize) -> usize {
    f(black_box(f(i)))
}

#[inline(never)]
fn calls_closure(f: &mut dyn FnMut(usize), i: usize) {
    f(i);
    f(black_box(i) + 1);
}

#[inline(never)]
fn applies(f: impl Fn(usize) -> usize, i: usize) -> usize {
    f(f(i))
}

#[inline(never)]
fn recursive_quiet(i: usize) -> usize {
    if i < 2 { i } else { recursive_quiet(i - 1) + black_box(recursive_quiet(i / 2)) }
}

#[inline(never)]
fn recursive_loud(i: usize) -> usize {
    if i == 40 { loud(i) } else if i < 2 { i } else { 1 + black_box(recursive_loud(i - 1)) }
}

#[inline(never)]
fn even(i: usize) -> usize {
    if i == 0 { 1 } else { odd(black_box(i) - 1) }
}

#[inline(never)]
fn odd(i: usize) -> usize {
    if i == 0 { black_box(String::from("odd")).len() } else { even(black_box(i) - 1) }
}

#[cold]
#[inline(never)]
fn cold_loud(i: usize) -> usize {
    format!("{i}").len()
}

#[cold]
#[inline(never)]
fn panic_with(i: usize) -> ! {
    let text = format!("number {i}");
    panic!("{text}");
}

#[inline(never)]
fn may_panic(i: usize) -> usize {
    if i > 50 { panic_with(i) }
    i * 2
}

#[inline(never)]
fn always_panics(i: usize) -> usize {
    if i > 1000 { std::process::abort() }
    panic!("always")
}

#[inline(never)]
fn tail_to_loud(i: usize) -> usize {
    if i & 1 == 0 { quiet(i) } else { cold_loud(i) }
}

#[derive(Clone, Copy)]
pub enum Op {
    Add(usize),
    Sub(usize),
    Mul(usize),
    Xor(usize),
    Rot(u32),
    Not,
    Grow,
    Swap(usize),
    Neg,
}

fn op(i: usize) -> Op {
    match i % 9 {
        0 => Op::Add(i),
        1 => Op::Sub(i),
        2 => Op::Mul(i),
        3 => Op::Xor(i),
        4 => Op::Rot(i as u32),
        5 => Op::Not,
        6 => Op::Swap(i),
        7 => Op::Neg,
        _ => Op::Grow,
    }
}

#[inline(never)]
fn interpret_quiet(op: Op, a: usize, t: &Cell<usize>) -> usize {
    match op {
        Op::Add(n) => a.wrapping_add(n),
        Op::Sub(n) => { t.set(n); a.wrapping_sub(n) }
        Op::Mul(n) => a.wrapping_mul(n).wrapping_add(t.get()),
        Op::Xor(n) => { t.set(t.get() ^ n); a ^ n }
        Op::Rot(n) => a.rotate_left(n) ^ t.replace(3),
        Op::Not => !a,
        Op::Grow => { t.set(a); a + 7 }
        Op::Swap(n) => t.replace(n),
        Op::Neg => a.wrapping_neg() ^ t.get(),
    }
}

#[inline(never)]
fn interpret_loud(op: Op, a: usize, t: &Cell<usize>) -> usize {
    match op {
        Op::Add(n) => a.wrapping_add(n),
        Op::Sub(n) => { t.set(n); a.wrapping_sub(n) }
        Op::Mul(n) => a.wrapping_mul(n).wrapping_add(t.get()),
        Op::Xor(n) => { t.set(t.get() ^ n); a ^ n }
        Op::Rot(n) => a.rotate_left(n) ^ t.replace(3),
        Op::Not => !a,
        Op::Grow => black_box(vec![a; 3]).len(),
        Op::Swap(n) => t.replace(n),
        Op::Neg => a.wrapping_neg() ^ t.get(),
    }
}

pub struct DropsLoud(usize);

impl Drop for DropsLoud {
    fn drop(&mut self) {
        black_box(vec![self.0]);
    }
}

pub struct DropsQuiet<'a>(&'a AtomicUsize);

impl Drop for DropsQuiet<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

thread_local! {
    static PLAIN: Cell<usize> = const { Cell::new(0) };
    static LAZY: RefCell<Vec<usize>> = RefCell::new(Vec::with_capacity(8));
}

struct Ready(usize);

impl Future for Ready {
    type Output = usize;
    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<usize> {
        if self.0 == 0 { Poll::Ready(7) } else { self.0 -= 1; Poll::Pending }
    }
}

fn drive(mut f: Pin<&mut impl Future<Output = usize>>) -> usize {
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(r) = f.as_mut().poll(&mut context) {
            return r;
        }
    }
}

static COUNTER: AtomicUsize = AtomicUsize::new(0);
static TABLE: [fn(usize) -> usize; 4] = [quiet, loud, quiet, quiet];
static QUIET_TABLE: [fn(usize) -> usize; 2] = [quiet, quiet];
static CELL: OnceLock<Vec<u8>> = OnceLock::new();

cases! {
    vec_push_within, Never, ALL, |i| Vec::with_capacity(256) => Vec<usize>, |v| { if v.len() < v.capacity() { v.push(i); } v.len() };
    vec_push, Some, ALL, |i| Vec::with_capacity(i % 2) => Vec<usize>, |v| { v.push(i); v.len() };
    vec_with_capacity, Some, ALL, |i| () => (), |v| black_box(Vec::<u8>::with_capacity(i)).capacity();
    vec_empty, Never, ALL, |i| () => (), |v| black_box(Vec::<u8>::new()).len();
    vec_extend_within, Some, ALL, |i| Vec::with_capacity(512) => Vec<usize>, |v| { v.extend(0..i); v.len() };
    vec_clear_u8, Never, ALL, |i| vec![1; i] => Vec<u8>, |v| { v.clear(); v.len() };
    vec_clear_strings, Frees, ALL, |i| vec![String::from("x"); i] => Vec<String>, |v| { v.clear(); v.len() };
    vec_drop, Frees, ALL, |i| vec![1; i + 1] => Vec<u8>, |v| { drop(std::mem::take(v)); 1 };
    vec_reserve_exact, Some, ALL, |i| Vec::with_capacity(32) => Vec<u8>, |v| { v.reserve_exact(i); v.capacity() };
    vec_try_reserve, Some, ALL, |i| Vec::new() => Vec<u8>, |v| usize::from(v.try_reserve(i).is_ok());
    vec_shrink, Some, ALL, |i| Vec::with_capacity(i + 1) => Vec<u8>, |v| { v.push(1); v.shrink_to_fit(); v.len() };
    vec_split_off, Some, ALL, |i| vec![0; 100] => Vec<u8>, |v| black_box(v.split_off(i)).len();
    vec_collect, Some, ALL, |i| () => (), |v| black_box((0..i).filter(|n| n & 1 == 0).collect::<Vec<_>>()).len();
    vec_dedup, Never, ALL, |i| vec![1; i] => Vec<u8>, |v| { v.dedup(); v.len() };
    vec_zeroed, Some, ALL, |i| () => (), |v| black_box(vec![0u8; i]).len();
    vec_concat, Some, ALL, |i| [vec![1u8; 3], vec![2u8; i]] => [Vec<u8>; 2], |v| black_box(v.concat()).len();
    box_new, Some, ALL, |i| () => (), |v| *black_box(Box::new(i));
    box_elided, Some, ALL, |i| () => (), |v| *Box::new(i) + 1;
    box_on_one_input, Some, ALL, |i| () => (), |v| if i == 63 { loud(i) } else { i };
    box_behind_two_branches, Some, ALL, |i| () => (), |v| if i > 8 && i % 7 == 3 { loud(i) } else { quiet(i) };
    string_push_str, Some, ALL, |i| String::with_capacity(16) => String, |s| { for _ in 0..i { s.push_str("ab"); } s.len() };
    string_format, Some, ALL, |i| () => (), |v| black_box(format!("{i:>4}")).len();
    string_to_owned, Some, ALL, |i| "abc" => &'static str, |s| black_box(s.to_owned()).len();
    string_parse, Never, ALL, |i| "12345" => &'static str, |s| s.parse::<usize>().unwrap_or(0) + i;
    string_uppercase, Some, ALL, |i| "abc" => &'static str, |s| black_box(s.to_uppercase()).len();
    string_find, Never, ALL, |i| "the quick brown fox" => &'static str, |s| s.find("fox").unwrap_or(0) + i;
    string_split, Never, ALL, |i| "a,b,c" => &'static str, |s| s.split(',').map(str::len).sum::<usize>() + i;
    cow_borrowed, Some, ALL, |i| "abc" => &'static str, |s| { let mut c = Cow::Borrowed(*s); if i > 60 { c.to_mut().push('x'); } c.len() };
    sort_stable, Some, ALL, |i| (0..2000u64).rev().collect() => Vec<u64>, |v| { v.sort(); v.len() };
    sort_stable_small, Some, ALL, |i| (0..i as u32).rev().collect() => Vec<u32>, |v| { v.sort(); v.len() };
    sort_stable_hundred, Never, ALL, |i| std::array::from_fn(|n| (n ^ i) as u64) => [u64; 100], |v| { v.sort(); v.len() };
    sort_stable_thousands, Some, ALL, |i| std::array::from_fn(|n| (n ^ i) as u64) => [u64; 3000], |v| { v.sort(); v.len() };
    sort_unstable, Never, ALL, |i| (0..2000u64).rev().collect() => Vec<u64>, |v| { v.sort_unstable(); v.len() };
    sort_by_key_cached, Some, ALL, |i| (0..i as u32 + 2).rev().collect() => Vec<u32>, |v| { v.sort_by_cached_key(|x| x ^ 3); v.len() };
    binary_search, Never, ALL, |i| (0..99).collect() => Vec<usize>, |v| v.binary_search(&i).unwrap_or(0);
    arc_clone_drop, Frees, ALL, |i| Arc::new(i) => Arc<usize>, |a| { let b = black_box(Arc::clone(a)); *b };
    arc_last_drop, Frees, ALL, |i| Some(Arc::new(i)) => Option<Arc<usize>>, |a| { *a = None; 1 };
    arc_make_mut, Some, ALL, |i| { let a = Arc::new(i); (a.clone(), a) } => (Arc<usize>, Arc<usize>), |p| { *Arc::make_mut(&mut p.0) += 1; *p.1 };
    rc_clone, Never, ALL, |i| Rc::new(i) => Rc<usize>, |r| { let c = Rc::clone(r); let n = *c; std::mem::forget(c); n };
    rc_new, Some, ALL, |i| () => (), |v| *black_box(Rc::new(i));
    rc_str, Some, ALL, |i| () => (), |v| black_box(Rc::<str>::from("abc")).len();
    dyn_quiet, Never, ALL, |i| Box::new(Quiet) => Box<dyn Act>, |a| a.act(i);
    dyn_mixed, Some, ALL, |i| if i % 2 == 0 { Box::new(Quiet) } else { Box::new(Loud) } => Box<dyn Act>, |a| a.act(i);
    dyn_local_quiet, Never, ALL, |i| () => (), |v| { let a: &dyn Act = black_box(&Quiet); a.act(i) };
    dyn_local_loud, Some, ALL, |i| () => (), |v| { let a: &dyn Act = &Loud; black_box(a).act(i) };
    given_dyn_quiet, Never, ALL, |i| () => (), |v| calls_dyn(&Quiet, i);
    given_dyn_loud, Some, ALL, |i| () => (), |v| calls_dyn(&Loud, i);
    given_dyn_twice_quiet, Never, ALL, |i| () => (), |v| passes_dyn(i, &Quiet);
    given_dyn_twice_loud, Some, ALL, |i| () => (), |v| passes_dyn(i, &Loud);
    given_dyn_either, Some, ALL, |i| () => (), |v| { let a: &dyn Act = if i > 40 { &Loud } else { &Quiet }; calls_dyn(a, i) };
    given_pointer_quiet, Never, ALL, |i| () => (), |v| calls_pointer(i, quiet);
    given_pointer_loud, Some, ALL, |i| () => (), |v| calls_pointer(i, |n| black_box(loud(n)));
    given_pointer_either, Some, ALL, |i| () => (), |v| calls_pointer(i, if i > 40 { |n| black_box(loud(n)) } else { quiet });
    given_closure_quiet, Never, ALL, |i| () => (), |v| { let mut s = 0; calls_closure(&mut |n| s += n, i); s };
    given_closure_loud, Some, ALL, |i| Vec::new() => Vec<usize>, |v| { calls_closure(&mut |n| v.push(n), i); v.len() };
    dyn_drop, Some, ALL, |i| Some(Box::new(DropsLoud(i))) => Option<Box<dyn Any>>, |a| { *a = None; 1 };
    fn_pointer_quiet, Never, ALL, |i| quiet => fn(usize) -> usize, |f| f(i);
    fn_pointer_loud, Some, ALL, |i| loud => fn(usize) -> usize, |f| f(i);
    once_quiet, Never, ALL, |i| OnceLock::new() => OnceLock<usize>, |c| *c.get_or_init(|| black_box(i) + 1);
    once_loud, Some, ALL, |i| OnceLock::new() => OnceLock<usize>, |c| *c.get_or_init(|| loud(i));
    once_given, Some, ALL, |i| OnceLock::new() => OnceLock<usize>, |c| *c.get_or_init(|| black_box(loud as fn(usize) -> usize)(i));
    once_call_quiet, Never, ALL, |i| 0 => usize, |n| { std::sync::Once::new().call_once(|| *n = black_box(i)); *n };
    once_call_loud, Some, ALL, |i| 0 => usize, |n| { std::sync::Once::new().call_once(|| *n = loud(i)); *n };
    once_either, Some, ALL, |i| 0 => usize, |n| { let once = std::sync::Once::new(); if i > 40 { once.call_once(|| *n = loud(i)) } else { once.call_once(|| *n = black_box(i)) } *n };
    fn_table, Some, ALL, |i| () => (), |v| TABLE[i % 4](i);
    fn_table_quiet, Never, ALL, |i| () => (), |v| QUIET_TABLE[i % 2](i);
    fn_local_pointer, Some, ALL, |i| () => (), |v| { let f: fn(usize) -> usize = if i > 3 { loud } else { quiet }; black_box(f)(i) };
    closure_quiet, Never, ALL, |i| 3 => usize, |k| applies(|n| n ^ *k, i);
    closure_loud, Some, ALL, |i| 3 => usize, |k| applies(|n| black_box(vec![n; *k]).len(), i);
    closure_boxed, Some, ALL, |i| () => (), |v| { let f: Box<dyn Fn(usize) -> usize> = black_box(Box::new(move |n| n + i)); f(2) };
    closure_in_map, Some, ALL, |i| () => (), |v| (0..i).map(|n| loud(n)).sum();
    iterator_chain, Never, ALL, |i| (0..50).collect() => Vec<usize>, |v| v.iter().zip(v.iter().skip(i)).map(|(a, b)| a * b).filter(|n| n % 3 == 0).sum();
    iterator_peekable, Never, ALL, |i| () => (), |v| { let mut it = (0..i).peekable(); let mut n = 0; while let Some(x) = it.next() { if it.peek().is_some() { n += x; } } n };
    recursion_quiet, Never, ALL, |i| () => (), |v| recursive_quiet(i % 20);
    recursion_loud, Some, ALL, |i| () => (), |v| recursive_loud(i);
    recursion_mutual, Some, ALL, |i| () => (), |v| even(i);
    generic_quiet, Never, ALL, |i| () => (), |v| generic(&Quiet, i);
    generic_loud, Some, ALL, |i| () => (), |v| generic(&Loud, i);
    async_quiet, Never, ALL, |i| () => (), |v| drive(pin!(async { Ready(i).await + Ready(1).await }));
    async_loud, Some, ALL, |i| () => (), |v| drive(pin!(async { let n = Ready(i).await; if n + i > 60 { loud(n) } else { Ready(2).await } }));
    async_boxed, Some, ALL, |i| () => (), |v| drive(pin!(async { let f: Pin<Box<dyn Future<Output = usize>>> = Box::pin(Ready(i)); f.await }));
    async_dropped, Some, ALL, |i| () => (), |v| { let f = async { let d = DropsLoud(i); Ready(9).await + d.0 }; let mut f = pin!(f); let mut c = Context::from_waker(Waker::noop()); usize::from(f.as_mut().poll(&mut c).is_ready()) };
    tls_plain, Never, ALL, |i| () => (), |v| { PLAIN.set(PLAIN.get() + i); PLAIN.get() };
    tls_with_drop, Some, ALL, |i| () => (), |v| LAZY.with_borrow_mut(|l| { l.push(i); l.len() });
    tls_in_thread, Some, ALL, |i| () => (), |v| std::thread::Builder::new().spawn(move || LAZY.with_borrow(Vec::len)).map_or(0, |t| t.join().unwrap_or(0));
    write_stack, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{i} {:?}", "x"); s.len };
    write_string, Some, ALL, |i| String::new() => String, |s| { let _ = write!(s, "{i}"); s.len() };
    write_number, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{i}"); s.len };
    write_options, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{0:>8} {1:#x} {0} {2:1$}", i, i % 7, i as i32); s.len };
    write_shown, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{} {}", QuietText(i), i); s.len };
    write_shown_loud, Some, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{} {}", i, LoudShown(i)); s.len };
    write_one_shown_loud, Some, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{1} {0}", LoudShown(i), i); s.len };
    write_either_loud, Some, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let a: &dyn std::fmt::Display = if i > 40 { &LoudShown(3) } else { &QuietText(2) }; let _ = write!(s, "{a} {i}"); s.len };
    write_loud_writer, Some, ALL, |i| LoudText(0) => LoudText, |s| { let _ = write!(s, "{i}"); s.0 };
    write_loud_char, Some, ALL, |i| LoudChar(0) => LoudChar, |s| { let _ = write!(s, "{0:>1$}", i, i % 30); s.0 };
    write_loud_text, Some, ALL, |i| LoudText(0) => LoudText, |s| { let _ = write!(s, "no argument"); s.0 + i };
    write_long, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = write!(s, "{i}0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789{}", i + 1); s.len };
    dyn_made_loud, Some, ALL, |i| () => (), |v| { let mut a: &dyn Act = &Quiet; makes_loud(&mut a); a.act(i) };
    pointer_made_loud, Some, ALL, |i| () => (), |v| { let mut f = [quiet as fn(usize) -> usize; 2]; changes_pointer(&mut f, i); f[0](i) + f[1](i) };
    write_str_stack, Never, ALL, |i| Stack { bytes: [0; 64], len: 0 } => Stack, |s| { let _ = s.write_str("abc"); s.len + i };
    // SAFETY, of the next four: strings end with a NUL and outlive the call; what `strdup` gave is freed once, and is
    // read before; `qsort` gets an array with its length and the size of its elements, and a function that compares them.
    c_strlen, Never, ALL, |i| CString::new("abc").unwrap_or_default() => CString, |s| unsafe { strlen(s.as_ptr()) } + i;
    c_strdup, Some, ALL, |i| CString::new("abc").unwrap_or_default() => CString, |s| unsafe { let p = strdup(s.as_ptr()); let n = strlen(p); free(p.cast()); n };
    c_qsort_quiet, Never, ALL, |i| vec![3, 1, 2] => Vec<u32>, |v| { unsafe { qsort(v.as_mut_ptr().cast(), v.len(), 4, compare_quiet) }; v.len() };
    c_qsort_loud, Some, ALL, |i| vec![3, 1, 2] => Vec<u32>, |v| { unsafe { qsort(v.as_mut_ptr().cast(), v.len(), 4, compare_loud) }; v.len() };
    tail_call, Some, ALL, |i| () => (), |v| tail_to_loud(i);
    cold_path, Some, ALL, |i| () => (), |v| if i == 61 { cold_loud(i) } else { i };
    jump_table_quiet, Never, ALL, |i| Cell::new(1) => Cell<usize>, |t| interpret_quiet(op(i), i, t);
    jump_table_loud, Some, ALL, |i| Cell::new(1) => Cell<usize>, |t| interpret_loud(op(i), i, t);
    jump_table_loop, Some, ALL, |i| Cell::new(1) => Cell<usize>, |t| (0..i).fold(0, |a, n| interpret_loud(op(n), a, t));
    panic_bounds, Never, 8, |i| [1; 8] => [usize; 8], |a| a[i];
    panic_unwrap, Never, 8, |i| (i < 8).then_some(i) => Option<usize>, |o| o.unwrap();
    panic_expect_err, Never, 8, |i| if i < 8 { Ok(i) } else { Err(i) } => Result<usize, usize>, |o| o.expect("small");
    panic_with_message, Never, 8, |i| () => (), |v| { assert!(i < 8, "{i} is too large: {}", format!("{:?}", i)); i };
    panic_in_callee, Never, 50, |i| () => (), |v| may_panic(i);
    panic_then_alloc, Some, 8, |i| () => (), |v| { assert!(i < 60); loud(i) };
    panic_overflow, Never, 8, |i| 250u8 => u8, |b| usize::from(b.checked_add(i as u8).unwrap_or(0));
    panic_slice, Never, 8, |i| vec![0; 8] => Vec<u8>, |v| v[..i].len();
    panic_div, Never, ALL, |i| 7 => usize, |n| if i == 0 { 0 } else { *n / i };
    panic_refcell, Never, ALL, |i| RefCell::new(i) => RefCell<usize>, |c| { *c.borrow_mut() += 1; *c.borrow() };
    catch_quiet, Never, ALL, |i| () => (), |v| std::panic::catch_unwind(|| black_box(i)).unwrap_or(0);
    catch_then_alloc, Some, 8, |i| () => (), |v| match std::panic::catch_unwind(|| may_panic(black_box(i))) { Ok(n) => n, Err(e) => { std::mem::forget(e); loud(i) } };
    catch_always, Some, 0, |i| () => (), |v| { let r = std::panic::catch_unwind(|| always_panics(black_box(i))); std::mem::forget(r); black_box(vec![i]).len() };
    catch_forget, Some, 0, |i| () => (), |v| { std::mem::forget(std::panic::catch_unwind(|| { black_box(vec![i]); always_panics(i) })); i };
    drop_loud, Some, ALL, |i| () => (), |v| { let d = black_box(DropsLoud(i)); d.0 };
    drop_quiet, Never, ALL, |i| () => (), |v| { let d = black_box(DropsQuiet(&COUNTER)); d.0.load(Ordering::Relaxed) };
    drop_in_loop, Some, ALL, |i| () => (), |v| { let mut n = 0; for k in 0..i { let _d = DropsLoud(k); n += k; } n };
    mem_replace, Frees, ALL, |i| vec![1; i + 1] => Vec<u8>, |v| std::mem::replace(v, Vec::new()).len();
    manually_drop, Never, ALL, |i| Some(Box::new(i)) => Option<Box<usize>>, |b| { let n = b.as_deref().copied().unwrap_or(0); std::mem::forget(b.take()); n };
    hash_get, Never, ALL, |i| (0..20).map(|n| (n, n)).collect() => HashMap<usize, usize>, |m| m.get(&i).copied().unwrap_or(0);
    hash_insert, Some, ALL, |i| (0..i).map(|n| (n, n)).collect() => HashMap<usize, usize>, |m| { m.insert(i, 1); m.len() };
    hash_entry, Some, ALL, |i| HashSet::new() => HashSet<usize>, |m| { m.insert(i % 3); m.len() };
    btree_get, Never, ALL, |i| (0..20).map(|n| (n, n)).collect() => BTreeMap<usize, usize>, |m| m.get(&i).copied().unwrap_or(0);
    btree_insert, Some, ALL, |i| (0..i).map(|n| (n, n)).collect() => BTreeMap<usize, usize>, |m| { m.insert(i, 1); m.len() };
    deque_rotate, Never, ALL, |i| (0..64).collect() => VecDeque<usize>, |d| { d.rotate_left(i); d[0] };
    deque_push, Some, ALL, |i| VecDeque::with_capacity(8) => VecDeque<usize>, |d| { for n in 0..i { d.push_front(n); } d.len() };
    heap_push, Some, ALL, |i| BinaryHeap::with_capacity(4) => BinaryHeap<usize>, |h| { for n in 0..i % 8 { h.push(n); } h.len() };
    mutex_lock, Never, ALL, |i| Mutex::new(i) => Mutex<usize>, |m| { let mut g = m.lock().unwrap_or_else(|e| e.into_inner()); *g += 1; *g };
    mutex_push, Some, ALL, |i| Mutex::new(Vec::new()) => Mutex<Vec<usize>>, |m| { let mut g = m.lock().unwrap_or_else(|e| e.into_inner()); g.push(i); g.len() };
    rwlock_read, Never, ALL, |i| RwLock::new(i) => RwLock<usize>, |m| *m.read().unwrap_or_else(|e| e.into_inner());
    once_cell, Some, ALL, |i| OnceCell::new() => OnceCell<Vec<usize>>, |c| c.get_or_init(|| vec![i]).len();
    once_lock, Some, ALL, |i| () => (), |v| CELL.get_or_init(|| vec![1; 9]).len() + i;
    print_line, Some, ALL, |i| () => (), |v| { eprint!(""); i };
    env_var, Some, ALL, |i| () => (), |v| std::env::var("PATH").map_or(0, |p| p.len());
    error_question, Some, ALL, |i| if i % 2 == 0 { "12" } else { "x" } => &'static str, |s| { fn parse(s: &str) -> Result<usize, Box<dyn std::error::Error>> { Ok(s.parse::<usize>()?) } match black_box(parse(s)) { Ok(n) => n, Err(_) => 0 } };
    memcpy_large, Never, ALL, |i| ([1; 4096], [0; 4096]) => ([u8; 4096], [u8; 4096]), |p| { p.1.copy_from_slice(&p.0); usize::from(p.1[i]) };
}
