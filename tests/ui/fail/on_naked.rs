//! An attribute cannot stand on a naked function, in neither order.

#[qadapt::allocate_panic]
#[unsafe(naked)]
extern "C" fn below() {
    std::arch::naked_asm!("ret")
}

#[unsafe(naked)]
#[qadapt::no_alloc]
extern "C" fn above() {
    std::arch::naked_asm!("ret")
}

fn main() {
    below();
    above();
}
