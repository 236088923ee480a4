//! Regions that allocate.

/// Pushes, protected or not. Code of another crate's macro has the place of its use, all of it.
#[macro_export]
macro_rules! push {
    ($protected:expr, $list:expr, $item:expr) => {
        if $protected { qadapt::assert_no_alloc(|| $list.push($item)) } else { $list.push($item) }
    };
}

/// Pushes, protected.
pub fn pushes(list: &mut Vec<u64>) {
    qadapt::assert_no_alloc(|| list.push(1));
}
