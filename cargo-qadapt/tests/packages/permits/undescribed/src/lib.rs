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

/// Pairs of equal code, of which the compiler keeps one: in the second function the region is all of it.
macro_rules! pairs {
    ($($item:ty: $before:ident $inside:ident,)*) => {$(
        /// Pushes behind a region.
        #[inline(never)]
        pub fn $before(list: &mut Vec<$item>) {
            qadapt::assert_no_alloc(|| ());
            list.push(Default::default());
        }

        /// Pushes in a region.
        #[inline(never)]
        #[qadapt::allocate_panic]
        pub fn $inside(list: &mut Vec<$item>) {
            list.push(Default::default());
        }
    )*};
}

pairs! {
    u8: a_behind b_inside,
    u16: b_behind a_inside,
    u32: d_behind c_inside,
    u64: c_behind d_inside,
}
