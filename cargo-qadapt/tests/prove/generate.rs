//! Programs with protected regions, made by chance.
//!
//! Each module has one region, and more only where one of them is named by a type; the module's function is called between
//! two marks of the counter. Blocks in a region have odd sizes, blocks outside even ones, where a function has both.

use std::fmt::Write as _;

use fastrand::Rng;

/// One module with its region.
struct Module {
    /// Whether the blocks of odd size alone are the region's.
    odd: bool,
    items: String,
    /// Calls of the module's functions, on `n` and `c`.
    call: String,
}

const PRELUDE: &str = r#"//! Made by chance.
#![allow(dead_code, unused)]

use std::hint::black_box;

unsafe extern "C" {
    fn getpgid(mark: i32) -> i32;
}

fn mark(number: i32) {
    // SAFETY: it takes any number, and reads and writes no memory of the program's.
    unsafe { getpgid(0x5141_0000 + number) };
}

#[inline(never)]
fn sink(size: usize) -> usize {
    let block: Vec<u8> = Vec::with_capacity(size);
    black_box(block.as_ptr());
    block.capacity()
}

#[inline(never)]
fn made(size: usize) -> Vec<u8> {
    let mut block: Vec<u8> = Vec::with_capacity(size);
    black_box(&mut block);
    block
}

#[inline(never)]
fn quiet(n: usize) -> usize {
    black_box(n) + 1
}

trait Work {
    fn work(n: usize) -> usize;
}
struct Quiet;
struct Loud;
impl Work for Quiet {
    #[inline(always)]
    fn work(n: usize) -> usize {
        quiet(n) * 3
    }
}
impl Work for Loud {
    #[inline(always)]
    fn work(n: usize) -> usize {
        sink(n | 1) + 11
    }
}

"#;

/// A program of so many modules.
pub(crate) fn program(seed: u64, modules: usize) -> String {
    let mut chance = Rng::with_seed(seed);
    let mut text = PRELUDE.to_owned();
    text.push_str(allocator(&mut chance));
    let made: Vec<Module> = (0..modules).map(|i| module(&mut chance, i, modules)).collect();
    for (i, module) in made.iter().enumerate() {
        let _ = writeln!(text, "mod m{i} {{\n    use super::*;\n{}}}\n", module.items);
    }
    text.push_str("fn main() {\n    let mut t = 0usize;\n    for c in [true, false] {\n        let c = black_box(c);\n        let n = black_box(if c { 1001 } else { 2001 });\n");
    for (i, module) in made.iter().enumerate() {
        let _ = writeln!(
            text,
            "        mark({});\n        t = t.wrapping_add({});\n        mark({});",
            4 * i + usize::from(module.odd),
            module.call.replace("SELF", &format!("m{i}")),
            4 * i + 2
        );
        for filler in 0..chance.usize(..4) {
            let _ = writeln!(
                text,
                "        t = t.wrapping_add(m{i}::filler{filler}(&mut [t as f64, 2.5]) as usize);"
            );
        }
    }
    text.push_str("    }\n    black_box(t);\n}\n");
    text
}

fn allocator(chance: &mut Rng) -> &'static str {
    match chance.usize(..5) {
        0 => "#[global_allocator]\nstatic ALLOC: std::alloc::System = std::alloc::System;\n\n",
        1 => {
            "#[global_allocator]\nstatic ALLOC: qadapt::Qadapt<qadapt::Deferring<std::alloc::System>> =\n    qadapt::Qadapt::new(qadapt::Deferring::new(std::alloc::System));\n\n"
        }
        // Its count stays where the optimiser has removed `malloc`.
        2 => COUNTED,
        _ => "#[global_allocator]\nstatic ALLOC: qadapt::QADAPT = qadapt::QADAPT;\n\n",
    }
}

const COUNTED: &str = r"
struct Counted;
static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

// SAFETY: all is the system's allocator's.
unsafe impl std::alloc::GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: std::alloc::Layout) -> *mut u8 {
        COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        // SAFETY: the caller's contract.
        unsafe { std::alloc::System.alloc(layout) }
    }
    unsafe fn dealloc(&self, block: *mut u8, layout: std::alloc::Layout) {
        // SAFETY: the caller's contract.
        unsafe { std::alloc::System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOC: Counted = Counted;

";

fn module(chance: &mut Rng, i: usize, modules: usize) -> Module {
    let other = chance.usize(..modules);
    let (a, b) = (chance.usize(..50) * 2 + 101, chance.usize(..50) * 2 + 300);
    let kind = chance.usize(..22);
    let (odd, body, call) = match kind {
        0 | 1 => {
            let helper = boxed(chance, i);
            let body = format!(
                "{helper}    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        qadapt::assert_no_alloc(|| {{ let m = super::m{other}::make(n as f64, 2.0, {b}.0); (m[0] + m[1]) as usize }})\n    }}\n"
            );
            (false, body, "SELF::entry(n)")
        }
        2 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(c: bool) -> usize {{\n        if c {{ qadapt::assert_no_alloc(|| sink({a})) }} else {{ sink({b}) }}\n    }}\n"),
            "SELF::entry(c)",
        ),
        3 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        let mut t = 0;\n        for i in 0..n % 5 + 2 {{\n            t += if i % 2 == 0 {{ qadapt::assert_no_alloc(|| sink({a} + 2 * i)) }} else {{ sink({b} + 2 * i) }};\n        }}\n        t\n    }}\n"),
            "SELF::entry(n)",
        ),
        4 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        let before = made({b});\n        let t = qadapt::assert_no_alloc(|| quiet(n) * {a} + before.len());\n        let after = made(before.capacity() + 2);\n        t + after.capacity()\n    }}\n"),
            "SELF::entry(n)",
        ),
        5 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        let mut v = made({a});\n        mark({});\n        qadapt::assert_no_alloc(|| for i in 0..n % 7 {{ v.push(i as u8) }});\n        mark({});\n        v.len()\n    }}\n", 4 * i, 4 * i + 2),
            "{ mark(4 * 1000 + 2); SELF::entry(n) }",
        ),
        6 => (
            true,
            "    #[inline(never)]\n    pub fn of<W: Work>(n: usize) -> usize {\n        qadapt::assert_no_alloc(|| W::work(n))\n    }\n    #[inline(never)]\n    fn plain(n: usize) -> usize {\n        Loud::work(n * 2 + 1)\n    }\n    pub fn entry(c: bool, n: usize) -> usize {\n        if c { of::<Loud>(n) + of::<Quiet>(n) } else { plain(n) - sink(2000) }\n    }\n".to_owned(),
            "if c { SELF::entry(c, n) } else { 0 }",
        ),
        7 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(c: bool, f: &dyn Fn(usize) -> usize) -> usize {{\n        if c {{ qadapt::assert_no_alloc(|| f({a})) }} else {{ f({b}) }}\n    }}\n"),
            "SELF::entry(c, black_box(&sink))",
        ),
        8 => (
            false,
            format!("    #[qadapt::allocate_panic]\n    pub fn entry(n: usize) -> usize {{\n        (n + {a}).to_string().len()\n    }}\n"),
            "SELF::entry(n)",
        ),
        9 => (
            true,
            "    #[inline(never)]\n    pub fn entry(c: bool, v: Vec<u8>) -> usize {\n        if c { qadapt::assert_no_alloc(|| { let n = v.len(); drop(v); n }) } else { let n = v.len(); drop(v); n + 1 }\n    }\n".to_owned(),
            "SELF::entry(c, made(if c { 1001 } else { 2000 }))",
        ),
        10 => (
            false,
            format!("    #[qadapt::allocate_panic(prove)]\n    pub fn entry(x: &mut [f32; 16]) -> usize {{\n        let mut s = 0.5;\n        for v in x.iter_mut() {{ s = s * {a}.25 + *v; *v = s }}\n        s as usize\n    }}\n"),
            "SELF::entry(&mut black_box([1.5; 16]))",
        ),
        11 => (
            true,
            "    #[inline(always)]\n    fn either(c: bool, n: usize) -> usize {\n        if c { qadapt::assert_no_alloc(|| sink(n)) } else { sink(n + 1) }\n    }\n    #[inline(never)]\n    pub fn entry(c: bool, n: usize) -> usize {\n        either(c, n) + if n > 5 { either(!c, n + 2) } else { 1 }\n    }\n".to_owned(),
            "SELF::entry(c, n)",
        ),
        12 => (
            false,
            format!("    async fn step(n: usize) -> usize {{\n        std::future::ready(quiet(n)).await + {a}\n    }}\n    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        use std::future::Future;\n        use qadapt::GuardExt as _;\n        let mut f = std::pin::pin!(step(n).no_alloc());\n        match f.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {{\n            std::task::Poll::Ready(n) => n,\n            std::task::Poll::Pending => 0,\n        }}\n    }}\n"),
            "SELF::entry(n)",
        ),
        13 => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        let t = qadapt::assert_no_alloc(|| if n % 2 == 1 {{ made({a}).capacity() }} else {{ quiet(n) }});\n        if t == 7 {{ panic!(\"seven\") }}\n        t + sink({b})\n    }}\n"),
            "SELF::entry(n)",
        ),
        14 => (
            false,
            format!("    #[qadapt::allocate_panic]\n    pub fn entry(n: usize) -> usize {{\n        let mut t = n;\n        for i in 0..{a} {{ t = t.wrapping_mul(31).wrapping_add(quiet(i)) }}\n        t\n    }}\n"),
            "SELF::entry(n)",
        ),
        15..=19 => ruled(kind - 15, i, a, b),
        20 => (
            false,
            format!("    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        use std::future::Future;\n        qadapt::assert_no_alloc(|| {{\n            let mut f = std::pin::pin!(async {{\n                let boxed: std::pin::Pin<Box<dyn Future<Output = usize>>> = Box::pin(async move {{ n + {a} }});\n                boxed.await\n            }});\n            match f.as_mut().poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {{\n                std::task::Poll::Ready(n) => n,\n                std::task::Poll::Pending => 0,\n            }}\n        }})\n    }}\n"),
            "SELF::entry(n)",
        ),
        _ => (
            true,
            format!("    #[inline(never)]\n    pub fn entry(n: usize, k: usize) -> usize {{\n        let t = qadapt::Policy::new().name(\"m{i}\").run(|| match k {{ 0 => sink({a}), 1 => quiet(3), 2 => made({a} + 2).len(), _ => quiet(9) }});\n        t + match k {{ 0 => sink({b}), 1 => quiet(4), 2 => made({b} + 2).len(), _ => n }}\n    }}\n"),
            "(0..4).map(|k| SELF::entry(n, black_box(k))).sum::<usize>()",
        ),
    };
    let mut items = body;
    if !items.contains("pub fn make(") {
        items.push_str(&boxed(chance, i));
    }
    for filler in 0..4 {
        let _ = writeln!(
            items,
            "    #[inline(never)]\n    pub fn filler{filler}(v: &mut [f64]) -> f64 {{\n        let mut t = 0.0;\n        for (n, x) in v.iter_mut().enumerate() {{\n            if *x > {filler}.0 {{ *x = x.sqrt() * {i}.25 + n as f64; t += *x }} else {{ *x = -*x; t -= *x * {filler}.75 }}\n        }}\n        t\n    }}"
        );
    }
    Module { odd, items, call: call.to_owned() }
}

/// What holds inside a region: permits, policies that forbid them, and deferred frees, also in one round of two.
fn ruled(kind: usize, i: usize, a: usize, b: usize) -> (bool, String, &'static str) {
    match kind {
        0 => (
            false,
            format!(
                "    #[inline(never)]\n    pub fn entry(c: bool, n: usize) -> usize {{\n        mark({});\n        let t = qadapt::assert_no_alloc(|| if c {{ mark({}); let t = qadapt::permit_alloc(|| sink({b})); mark({}); t }} else {{ quiet(n) * {a} }});\n        mark({});\n        t\n    }}\n",
                4 * i,
                4 * i + 2,
                4 * i,
                4 * i + 2
            ),
            "{ mark(4 * 1000 + 2); SELF::entry(c, n) }",
        ),
        1 => (
            true,
            format!(
                "    #[inline(never)]\n    pub fn entry(n: usize) -> usize {{\n        qadapt::assert_no_alloc(|| {{\n            let mut t = 0;\n            for i in 0..n % 5 + 2 {{\n                t += if i % 2 == 0 {{ qadapt::permit_alloc(|| sink({b} + 2 * i)) }} else {{ sink({a} + 2 * i) }};\n            }}\n            t\n        }})\n    }}\n"
            ),
            "SELF::entry(n)",
        ),
        2 => (
            true,
            format!(
                "    #[inline(never)]\n    pub fn entry() -> usize {{\n        let mut policy = qadapt::Policy::new().forbid();\n        let mut t = {i};\n        for i in 0..2 {{\n            t += policy.run(|| qadapt::permit_alloc(|| sink({a} + i)));\n            policy = qadapt::Policy::new();\n        }}\n        t\n    }}\n"
            ),
            "SELF::entry()",
        ),
        3 => (
            true,
            format!(
                "    #[inline(never)]\n    pub fn entry() -> usize {{\n        let v = made({b});\n        mark({});\n        let t = qadapt::assert_no_alloc(|| qadapt::defer_frees(|| black_box(v).capacity() + {a}));\n        mark({});\n        t\n    }}\n",
                4 * i,
                4 * i + 2
            ),
            "{ mark(4 * 1000 + 2); SELF::entry() }",
        ),
        _ => (
            true,
            format!(
                "    #[inline(never)]\n    pub fn entry() -> usize {{\n        let all = [made({b}), made({b} + 2)];\n        let mut policy = qadapt::Policy::new().defer();\n        let mut t = {a};\n        mark({});\n        for v in all {{\n            t += policy.run(|| black_box(v).capacity());\n            policy = qadapt::Policy::new();\n        }}\n        mark({});\n        t\n    }}\n",
                4 * i,
                4 * i + 2
            ),
            "{ mark(4 * 1000 + 2); SELF::entry() }",
        ),
    }
}

/// A helper that returns a box, which another module's region may or may not elide.
fn boxed(chance: &mut Rng, i: usize) -> String {
    let mut text = format!(
        "    pub fn make(a: f64, b: f64, c: f64) -> Box<[f64; 4]> {{\n        let mut m = Box::new([a, b, c, a * b]);\n        m[0] = m[0] * b + m[1] * {i}.5 - a;\n"
    );
    for k in 0..chance.usize(..16) {
        let at = |next: usize| (k + next) % 4;
        let _ = writeln!(
            text,
            "        m[{}] = m[{}] * {k}.125 + m[{}] * c - m[{}] / (a + {k}.5);",
            at(0),
            at(1),
            at(2),
            at(3)
        );
    }
    text.push_str("        m\n    }\n");
    text
}
