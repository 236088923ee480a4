//! Two methods of one name, which a release build inlines.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

trait Stage {
    fn process(&mut self, sample: u32);
}

struct Echo(Vec<u32>);

struct Meter(Vec<u32>);

impl Stage for Echo {
    #[inline(always)]
    fn process(&mut self, sample: u32) {
        self.0.push(sample);
    }
}

impl Stage for Meter {
    #[inline(always)]
    fn process(&mut self, sample: u32) {
        self.0.reserve(sample as usize);
    }
}

fn main() {
    let (mut echo, mut meter) = (Echo(Vec::new()), Meter(Vec::new()));
    qadapt::assert_no_alloc(|| {
        echo.process(1);
        meter.process(9);
    });
}
