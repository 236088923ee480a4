//! Functions of every form: what they return, and that they run inside.

use super::*;

#[allocate_panic]
fn plain(x: u32, y: u32) -> (usize, u32) {
    (protection_level(), x + y)
}

#[no_alloc]
fn second_name() -> usize {
    protection_level()
}

#[no_alloc]
fn nothing_returned(level: &Cell<usize>) {
    level.set(protection_level());
}

#[test]
fn a_function_runs_inside() {
    let (level, sum) = plain(2, 3);
    assert_eq!(sum, 5);
    let seen = Cell::new(usize::MAX);
    nothing_returned(&seen);
    assert_inside(&[level, second_name(), seen.get()]);
}

#[permit_alloc]
fn permitted(seed: &str) -> (usize, String) {
    (protection_level(), seed.repeat(2))
}

#[no_alloc]
fn around_a_permit() -> (usize, usize, String, usize) {
    let before = protection_level();
    let (level, text) = permitted("ab");
    (before, level, text, protection_level())
}

#[test]
fn a_permit_sets_the_region_aside() {
    let (before, level, text, after) = around_a_permit();
    assert_eq!((level, text.as_str()), (0, "abab"));
    assert_inside(&[before, after]);
}

#[no_alloc]
fn factorial(n: u64) -> (usize, u64) {
    if n == 0 {
        return (protection_level(), 1);
    }
    let (deepest, rest) = factorial(n - 1);
    (deepest, n * rest)
}

#[test]
fn recursion_nests() {
    assert_eq!(factorial(5), (6 * one(), 120));
    assert_inside(&[]);
}

#[no_alloc]
#[allocate_panic(name = "inner")]
fn twice(x: u32) -> (usize, u32) {
    (protection_level(), x)
}

#[test]
fn two_attributes_nest() {
    assert_eq!(twice(4), (2 * one(), 4));
    assert_inside(&[]);
}

#[no_alloc]
fn around_a_nested_function(x: u32) -> (usize, usize) {
    #[no_alloc]
    fn inner(x: u32) -> usize {
        protection_level() + usize::try_from(x).unwrap_or(0)
    }
    (protection_level(), inner(x))
}

#[test]
fn nested_functions_nest() {
    assert_eq!(around_a_nested_function(0), (one(), 2 * one()));
}

#[no_alloc]
fn leaves(how: u32) -> Option<u32> {
    let value = 'found: {
        if how == 0 {
            break 'found 10;
        }
        if how == 1 {
            return Some(11);
        }
        let halved = how.checked_sub(5)?;
        for step in 0..2 {
            if halved + step > 3 {
                break 'found 12;
            }
        }
        13
    };
    Some(value + 100)
}

#[test]
fn every_way_out_closes_the_region() {
    let all = [0, 1, 2, 9, 5].map(|how| (leaves(how), protection_level()));
    assert_eq!(all, [(Some(110), 0), (Some(11), 0), (None, 0), (Some(112), 0), (Some(113), 0)]);
}

#[no_alloc]
fn panics(x: u32) -> u32 {
    assert_ne!(x, 7, "seven");
    x
}

#[test]
fn a_panic_closes_the_region_and_goes_on() {
    let payload = catch_unwind(|| panics(7)).expect_err("it panics");
    let message = payload.downcast_ref::<String>().expect("a formatted message");
    assert!(message.contains("seven"), "{message}");
    assert_inside(&[]);
}

#[no_alloc]
fn diverges(code: u8) -> ! {
    std::panic::panic_any((protection_level(), code))
}

#[test]
fn a_function_that_never_returns_runs_inside() {
    let payload = catch_unwind(|| diverges(3)).expect_err("it panics");
    assert_eq!(payload.downcast_ref(), Some(&(one(), 3_u8)));
    assert_inside(&[]);
}

#[no_alloc]
fn generic<T, const N: usize>(items: [T; N]) -> (usize, u64)
where
    T: Copy + Into<u64>,
{
    (protection_level(), items.iter().map(|&item| item.into()).sum::<u64>() + N as u64)
}

#[no_alloc]
#[expect(unsafe_code, reason = "an unsafe function is declared")]
unsafe extern "C" fn foreign(x: *const u32) -> u32 {
    if x.is_null() { u32::try_from(protection_level()).unwrap_or(u32::MAX) } else { 100 }
}

#[test]
#[expect(unsafe_code, reason = "an unsafe function is called")]
fn generic_and_unsafe_functions_run_inside() {
    let (level, sum) = generic([1_u32, 2, 3]);
    assert_eq!(sum, 9);
    // SAFETY: this function reads nothing through its pointer.
    let null = unsafe { foreign(std::ptr::null()) };
    // SAFETY: the same.
    let other = unsafe { foreign(&raw const null) };
    assert_eq!(other, 100);
    assert_inside(&[level, usize::try_from(null).expect("a level")]);
}

#[no_alloc]
#[track_caller]
fn located() -> &'static Location<'static> {
    Location::caller()
}

#[test]
fn a_tracked_body_sees_its_own_line() {
    let here = Location::caller().line();
    let seen = located().line();
    assert!(seen < here, "documented: {seen} is inside the function above, not {here}");
}
