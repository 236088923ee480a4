//! An attribute on a union. The union stays.

use qadapt::no_alloc;

#[no_alloc]
#[repr(C)]
union Bits {
    float: f32,
    int: u32,
}

fn main() {
    let _ = (Bits { float: 1.0 }, Bits { int: 1 });
}
