//! C code that asks for memory, for programs that link `qadapt-malloc` and programs that do not.
#![expect(unsafe_code, reason = "calls C")]

use core::ffi::c_char;
use core::ptr;

use libsqlite3_sys as sqlite;

unsafe extern "C" {
    /// Follows one of the habits of `native/habits.c`.
    fn habit(number: usize);
    fn c_allocates(size: usize) -> *mut c_char;
}

/// The habits of `native/habits.c`, in its order.
const IN_C: [&str; 13] = [
    "copies",
    "prints",
    "lines",
    "opens",
    "resolves",
    "streams",
    "matches",
    "lists",
    "globs",
    "paths",
    "environment",
    "sorts",
    "functions",
];

/// A way in which a program asks C for memory.
#[derive(Clone, Copy, Debug)]
pub enum Habit {
    /// One of `native/habits.c`, by its number there.
    C(usize),
    /// A database in memory.
    Sqlite,
    /// A frame, compressed and restored.
    Zstd,
}

impl Habit {
    /// All of them, with their names.
    pub fn all() -> impl Iterator<Item = (&'static str, Self)> {
        let in_c = IN_C.into_iter().enumerate().map(|(number, name)| (name, Self::C(number)));
        in_c.chain([("sqlite", Self::Sqlite), ("zstd", Self::Zstd)])
    }

    /// Follows it.
    pub fn follow(self) {
        match self {
            // SAFETY: the number is one of the list above, which is that of the C file.
            Self::C(number) => unsafe { habit(number) },
            Self::Sqlite => query(),
            Self::Zstd => compress(),
        }
    }
}

/// Asks C for a block, at a line of C's that has debug information; it is never freed.
#[must_use]
pub fn allocates(size: usize) -> usize {
    // SAFETY: any size may be asked for.
    unsafe { c_allocates(size) }.addr()
}

/// Fills a table of a database in memory, and asks it for a sum.
///
/// # Panics
/// If `SQLite` fails.
fn query() {
    let mut database = ptr::null_mut();
    // SAFETY: a name, and a place for the database.
    let opened = unsafe { sqlite::sqlite3_open(c":memory:".as_ptr(), &raw mut database) };
    assert_eq!(opened, sqlite::SQLITE_OK);
    let commands = c"create table t(a, b);
        with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000)
        insert into t select i, hex(i) || ' as text' from n;
        create index u on t(b);
        select sum(a) from t where b like '3%' group by length(b);";
    // SAFETY: the database is open, the commands are a C string, and nobody wants the rows.
    let done =
        unsafe { sqlite::sqlite3_exec(database, commands.as_ptr(), None, ptr::null_mut(), ptr::null_mut()) };
    assert_eq!(done, sqlite::SQLITE_OK);
    // SAFETY: it was opened above, and no statement is open.
    let closed = unsafe { sqlite::sqlite3_close(database) };
    assert_eq!(closed, sqlite::SQLITE_OK);
}

/// Compresses a text and restores it.
///
/// # Panics
/// If zstd fails, or restores something else.
fn compress() {
    static TEXT: [u8; 10_000] = [b'x'; 10_000];
    let (mut small, mut restored) = ([0_u8; 4096], [0_u8; 10_000]);
    // SAFETY: both pointers come with their lengths.
    let length = unsafe {
        zstd_sys::ZSTD_compress(small.as_mut_ptr().cast(), small.len(), TEXT.as_ptr().cast(), TEXT.len(), 3)
    };
    assert!(length < small.len());
    // SAFETY: as above, and so many bytes were written.
    let back = unsafe {
        zstd_sys::ZSTD_decompress(restored.as_mut_ptr().cast(), restored.len(), small.as_ptr().cast(), length)
    };
    assert_eq!((back, restored.last()), (TEXT.len(), Some(&b'x')));
}
