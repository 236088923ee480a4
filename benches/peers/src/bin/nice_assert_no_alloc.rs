//! `nice-assert-no-alloc`.

qadapt_peers::like_assert_no_alloc!(nice_assert_no_alloc);
