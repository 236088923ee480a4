//! An attribute on an impl block does not see what a macro in it makes.

struct Voice;

macro_rules! setter {
    ($name:ident) => {
        fn $name(&self) {}
    };
}

#[qadapt::no_alloc]
impl Voice {
    setter!(set_gain);

    fn set_pan(&self) {}
}

fn main() {
    Voice.set_gain();
    Voice.set_pan();
}
