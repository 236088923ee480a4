//! `assert_no_alloc`.

qadapt_peers::like_assert_no_alloc!(assert_no_alloc);
