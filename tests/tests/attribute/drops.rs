//! Arguments are dropped inside the region, in the order of the bare function.

use super::*;

const ROOM: usize = 12;

thread_local! {
    /// Who was dropped and at which level, in order; a region may write here, since it never allocates.
    static LOG: Cell<([(char, usize); ROOM], usize)> = const { Cell::new(([('-', 0); ROOM], 0)) };
}

struct Noisy(char);

impl Drop for Noisy {
    fn drop(&mut self) {
        LOG.with(|log| {
            let (mut entries, count) = log.get();
            entries[count] = (self.0, protection_level());
            log.set((entries, count + 1));
        });
    }
}

impl Noisy {
    fn look(&self) -> &Self {
        self
    }

    fn with_temporary<'a>(&'a self, other: &'a Noisy) -> Both<'a> {
        Both(self, other)
    }
}

/// A temporary that borrows and makes a noise of its own.
struct Both<'a>(&'a Noisy, &'a Noisy);

impl Both<'_> {
    fn count(&self) -> usize {
        usize::from(self.0.0 != self.1.0)
    }
}

impl Drop for Both<'_> {
    fn drop(&mut self) {
        drop(Noisy('t'));
    }
}

struct Pair {
    left: Noisy,
    right: Noisy,
}

/// What `body` drops, as a word, and the levels.
fn dropped<R>(body: impl FnOnce() -> R) -> (String, Vec<usize>) {
    LOG.set(([('-', 0); ROOM], 0));
    let result = body();
    let (entries, count) = LOG.get();
    std::mem::forget(result);
    (entries[..count].iter().map(|entry| entry.0).collect(), entries[..count].iter().map(|e| e.1).collect())
}

/// Defines the same function bare and guarded, and compares who is dropped when.
macro_rules! same_drops {
    ($($(#[$meta:meta])* $name:ident($($parameters:tt)*) $(-> $output:ty)? $body:block
        called ($($argument:expr),*) drops $word:literal;)*) => {
        $(
            #[test]
            $(#[$meta])*
            fn $name() {
                fn bare($($parameters)*) $(-> $output)? $body
                #[no_alloc]
                fn guarded($($parameters)*) $(-> $output)? $body
                let (bare, outside) = dropped(|| bare($($argument),*));
                let (guarded, inside) = dropped(|| guarded($($argument),*));
                assert_eq!((bare.as_str(), guarded.as_str()), ($word, $word));
                assert!(outside.iter().all(|level| *level == 0));
                assert_inside(&inside);
            }
        )*
    };
}

same_drops! {
    unused(a: Noisy, b: Noisy) { let _ = (&a, &b); } called (Noisy('a'), Noisy('b')) drops "ba";
    wildcard(_: Noisy, _: Noisy) {} called (Noisy('a'), Noisy('b')) drops "ba";
    mixed(a: Noisy, _: Noisy, _c: Noisy) { let _ = &a; }
        called (Noisy('a'), Noisy('b'), Noisy('c')) drops "cba";
    before_arguments(a: Noisy) { let _local = Noisy('l'); let _ = &a; } called (Noisy('a')) drops "la";
    moved_early(a: Noisy, b: Noisy) { drop(a); let _ = &b; } called (Noisy('a'), Noisy('b')) drops "ab";
    returned(a: Noisy, b: Noisy) -> Noisy { let _ = &b; a } called (Noisy('a'), Noisy('b')) drops "b";
    returned_early(a: Noisy, b: Noisy) -> Option<Noisy> {
        if b.0 == 'b' { return Some(a); }
        None
    } called (Noisy('a'), Noisy('b')) drops "b";
    part_of_a_tuple((a, _): (Noisy, Noisy), c: Noisy) { let _ = (&a, &c); }
        called ((Noisy('a'), Noisy('b')), Noisy('c')) drops "cab";
    parts_of_two((a, _): (Noisy, Noisy), (_, d): (Noisy, Noisy)) { let _ = (&a, &d); }
        called ((Noisy('a'), Noisy('b')), (Noisy('c'), Noisy('d'))) drops "dcab";
    part_of_a_struct(Pair { right, .. }: Pair) { let _ = &right; }
        called (Pair { left: Noisy('a'), right: Noisy('b') }) drops "ba";
    #[expect(clippy::toplevel_ref_arg, reason = "it is one of the forms")]
    by_reference(ref a: Noisy, Pair { ref left, .. }: Pair) { let _ = (a.look(), left); }
        called (Noisy('a'), Pair { left: Noisy('b'), right: Noisy('c') }) drops "bca";
    one_field_used(pair: Pair, z: Noisy) { let _ = &z; drop(pair.left); }
        called (Pair { left: Noisy('a'), right: Noisy('b') }, Noisy('z')) drops "azb";
    temporary_of_the_last_expression(a: Noisy, b: Noisy) -> usize { a.with_temporary(&b).count() }
        called (Noisy('a'), Noisy('b')) drops "tba";
    replaced(mut a: Noisy, b: Noisy) { let _ = &a; a = b; let _ = &a; } called (Noisy('a'), Noisy('b')) drops "ab";
    kept_in_a_closure(a: Noisy, b: Noisy) { let keep = move || { let _ = &a; }; keep(); let _ = &b; }
        called (Noisy('a'), Noisy('b')) drops "ab";
}

struct Owner(Noisy);

impl Owner {
    #[expect(clippy::needless_pass_by_value, reason = "it is dropped here")]
    fn bare(self, a: Noisy, _: Noisy) {
        let _ = (&self.0, &a);
    }

    #[no_alloc]
    fn guarded(self, a: Noisy, _: Noisy) {
        let _ = (&self.0, &a);
    }

    #[no_alloc]
    fn guarded_unused(self: Pin<Box<Self>>) {}
}

#[test]
fn self_is_dropped_last_and_inside() {
    let (bare, _) = dropped(|| Owner(Noisy('s')).bare(Noisy('a'), Noisy('b')));
    let (guarded, inside) = dropped(|| Owner(Noisy('s')).guarded(Noisy('a'), Noisy('b')));
    assert_eq!((bare.as_str(), guarded.as_str()), ("bas", "bas"));
    assert_inside(&inside);
}

#[test]
fn arguments_are_dropped_inside_when_the_body_panics() {
    #[no_alloc]
    fn guarded(_: Noisy, b: Noisy) {
        assert_eq!(b.0, 'x', "it is not");
    }
    LOG.set(([('-', 0); ROOM], 0));
    assert!(violates(|| guarded(Noisy('a'), Noisy('b'))));
    let (entries, count) = LOG.get();
    assert_eq!(entries[..count], [('b', one()), ('a', one())]);
}

#[test]
fn memory_of_arguments_is_freed_inside() {
    #[no_alloc]
    fn unused(_: Box<u32>) {}
    #[no_alloc]
    fn bound(boxed: Vec<u8>) -> usize {
        boxed.len()
    }
    #[no_alloc]
    fn handed_back(boxed: Vec<u8>) -> Vec<u8> {
        boxed
    }
    #[permit_alloc]
    fn permitted(_: Box<u32>) {}
    #[no_alloc]
    fn around(boxed: Box<u32>) {
        permitted(boxed);
    }
    assert_eq!(violates(|| unused(Box::new(1))), is_active());
    assert_eq!(violates(|| assert_eq!(bound(force_alloc(8)), 0)), is_active());
    assert_eq!(violates(|| Box::pin(Owner(Noisy('s'))).guarded_unused_pinned()), is_active());
    assert!(!violates(|| assert_eq!(handed_back(force_alloc(8)).len(), 0)));
    assert!(!violates(|| around(Box::new(1))));
}

impl Owner {
    fn guarded_unused_pinned(self: Pin<Box<Self>>) {
        self.guarded_unused();
    }
}
