//! An attribute on an import. The import stays.

use qadapt::no_alloc;

#[no_alloc]
use std::rc::Rc;

fn main() {
    let _ = Rc::new(1);
}
