//! Depends on the guard and does not use it.
