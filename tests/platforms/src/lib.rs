//! No code: this package builds the programs and tests of `../` for other platforms.
