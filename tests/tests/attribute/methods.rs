//! Every kind of `self`, in impls and traits.

use super::*;

#[derive(Clone, Default)]
struct Meter {
    level: usize,
    readings: [u32; 3],
}

trait Reads {
    #[no_alloc]
    fn first(&self) -> (usize, u32) {
        (protection_level(), self.reading(0))
    }

    fn reading(&self, index: usize) -> u32;

    fn taken(self) -> (usize, u32)
    where
        Self: Sized;
}

impl Meter {
    #[no_alloc]
    fn new(seed: u32) -> Self {
        Self { level: protection_level(), readings: [seed, seed + 1, seed + 2] }
    }

    #[no_alloc]
    fn by_ref(&self) -> (usize, u32) {
        (protection_level(), self.readings[0])
    }

    #[no_alloc]
    fn by_mut(&mut self, index: usize) -> &mut u32 {
        self.level = protection_level();
        &mut self.readings[index]
    }

    #[no_alloc]
    fn by_value(self) -> (usize, u32) {
        (protection_level(), self.readings[1])
    }

    #[no_alloc]
    fn by_mut_value(mut self, by: u32) -> Self {
        self.level = protection_level();
        self.readings[0] += by;
        self
    }

    #[no_alloc]
    fn by_box(mut self: Box<Self>) -> Box<Self> {
        self.level = protection_level();
        self
    }

    #[no_alloc]
    fn by_rc(self: Rc<Self>, kept: &RefCell<Option<Rc<Self>>>) -> (usize, u32) {
        let value = self.readings[2];
        *kept.borrow_mut() = Some(self);
        (protection_level(), value)
    }

    #[no_alloc]
    fn by_arc(self: &Arc<Self>) -> (usize, usize) {
        (protection_level(), Arc::strong_count(self))
    }

    #[no_alloc]
    fn by_pin(mut self: Pin<&mut Self>) -> usize {
        self.readings[0] += 1;
        protection_level()
    }

    #[expect(clippy::needless_arbitrary_self_type, reason = "it is one of the forms")]
    #[no_alloc]
    fn by_typed_ref<'a>(self: &'a Self, other: &'a u32) -> (usize, &'a u32) {
        (protection_level(), self.readings.iter().min().unwrap_or(other))
    }
}

impl Reads for Meter {
    #[no_alloc]
    fn reading(&self, index: usize) -> u32 {
        self.readings.get(index).copied().unwrap_or(u32::try_from(protection_level()).unwrap_or(0))
    }

    #[allocate_panic]
    fn taken(self) -> (usize, u32) {
        self.by_value()
    }
}

#[test]
fn every_kind_of_self_runs_inside() {
    let mut meter = Meter::new(10);
    let (level, first) = meter.by_ref();
    *meter.by_mut(0) += 5;
    let by_mut = meter.level;
    let (typed, least) = meter.by_typed_ref(&0);
    assert_eq!((first, *least), (10, 11));
    let by_pin = Pin::new(&mut meter).by_pin();
    let meter = meter.by_mut_value(4);
    assert_eq!(meter.readings, [20, 11, 12]);
    let boxed = Box::new(meter.clone()).by_box();
    assert_inside(&[level, by_mut, typed, by_pin, meter.level, boxed.level]);
}

#[test]
fn shared_self_runs_inside() {
    let kept = RefCell::new(None);
    let (rc, last) = Rc::new(Meter::new(1)).by_rc(&kept);
    let (arc, count) = Arc::new(Meter::default()).by_arc();
    assert_eq!((last, count, kept.borrow().is_some()), (3, 1, true));
    let (value, second) = Meter::new(1).by_value();
    assert_eq!(second, 2);
    assert_inside(&[rc, arc, value]);
}

#[test]
fn trait_methods_run_inside() {
    let meter = Meter::new(5);
    assert_eq!(meter.first(), (one(), 5));
    assert_eq!(meter.reading(9), u32::try_from(one()).expect("a level"));
    assert_eq!((&meter as &dyn Reads).first(), (one(), 5));
    assert_eq!(meter.taken(), (2 * one(), 6));
}
