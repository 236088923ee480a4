//! A library's test suite that asserts zero allocation: `cargo test -p qadapt-examples --example zero_alloc_test`.
//!
//! The library does not know of the guard; its test program installs it. In a build without checks (`cargo test
//! --release`) the same tests run and check values only; `QADAPT_ENFORCE=1 cargo test --release` checks both.

use qadapt_examples::varint::{LONGEST, VarintError, decode, encode};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// Runs as an ordinary program too: one number there and back, and what that asked of the allocator.
fn main() -> Result<(), VarintError> {
    let mut bytes = [0; LONGEST];
    let (counts, result) = qadapt::count_alloc(|| encode(300, &mut bytes).and_then(|_| decode(&bytes)));
    let (number, length) = result?;
    println!("{number} in {length} bytes: {counts}");
    println!("the tests: cargo test -p qadapt-examples --example zero_alloc_test");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::panic::catch_unwind;

    use qadapt::assert_no_alloc;
    use qadapt_examples::varint::encode_to_vec;

    use super::*;

    /// Numbers round every change of length, and the bytes that they take.
    fn table() -> impl Iterator<Item = (u64, usize)> {
        (1..=9).flat_map(|length| {
            let first_longer = 1_u64 << (7 * length);
            [(first_longer - 1, length), (first_longer, length + 1)]
        })
    }

    #[test]
    fn numbers_go_there_and_back_without_allocating() {
        for (number, expected) in table().chain([(0, 1), (u64::MAX, LONGEST)]) {
            let mut bytes = [0xFF; LONGEST];
            let (length, back) = assert_no_alloc(|| {
                let length = encode(number, &mut bytes);
                (length, decode(&bytes))
            });
            assert_eq!((length, back), (Ok(expected), Ok((number, expected))));
        }
    }

    #[test]
    fn errors_do_not_allocate_either() {
        let mut short = [0; 2];
        let table: [(&[u8], VarintError); 4] = [
            (&[], VarintError::TooShort),
            (&[0x80, 0x80], VarintError::TooShort),
            (&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], VarintError::TooLarge),
            (&[0x80; 11], VarintError::TooLarge),
        ];
        assert_no_alloc(|| {
            assert_eq!(encode(1 << 14, &mut short), Err(VarintError::TooShort));
            for (bytes, error) in table {
                assert_eq!(decode(bytes), Err(error));
            }
        });
    }

    /// The usual form. A release build catches nothing unless asked to, and whether it was asked is known only when
    /// it runs: so there this test is left out, which the test runner says, and the next one stands for it.
    #[test]
    #[should_panic(expected = "in a protected region")]
    #[cfg_attr(
        not(debug_assertions),
        ignore = "needs checks: a release build has them with QADAPT_ENFORCE=1"
    )]
    fn an_allocating_variant_is_caught() {
        assert_no_alloc(|| drop(black_box(encode_to_vec(300))));
    }

    /// The form for every build: it says what must happen with checks, and what without.
    #[test]
    fn an_allocating_variant_is_caught_where_there_are_checks() {
        let caught = catch_unwind(|| assert_no_alloc(|| drop(black_box(encode_to_vec(300)))));
        if qadapt::is_active() {
            let payload = caught.expect_err("the guard sees the vector");
            let report = payload.downcast::<String>().expect("a report is a String");
            assert!(report.contains("zeroed allocation of 10 bytes"), "{report}");
            assert!(report.contains("varint.rs"), "{report}");
        } else {
            println!("not checked: this build does not watch its allocations");
            assert!(caught.is_ok(), "a build without checks leaves the code alone");
        }
    }

    /// A suite that is not watched passes as well: so it asserts that it is watched where that was asked for.
    #[test]
    fn the_suite_is_watched() {
        let asked_for = cfg!(debug_assertions) || option_env!("QADAPT_ENFORCE") == Some("1");
        assert!(
            qadapt::is_active() || !asked_for,
            "the guard is not the global allocator, or was turned off"
        );
    }
}
