//! A library that has the allocator from the feature `install`, in its unit tests, examples and documentation alike.

/// Doubles what it is given.
///
/// ```
/// assert!(qadapt::is_active());
/// assert_eq!(qadapt::assert_allocs!(user_crate::doubled(&[1, 2]), allocs == 1), [2, 4]);
/// ```
pub fn doubled(values: &[u32]) -> Vec<u32> {
    values.iter().map(|value| 2 * value).collect()
}

#[cfg(test)]
mod tests {
    #[qadapt::test]
    #[should_panic = "qadapt: allocation of 8 bytes"]
    fn it_is_installed() {
        drop(super::doubled(&[1, 2]));
    }
}
