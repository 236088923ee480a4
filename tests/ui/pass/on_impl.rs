//! An impl block marks its functions, but for constant ones and those that are marked already.

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

struct S<T>(T);

#[qadapt::allocate_panic(allow(dealloc))]
impl<T: Clone> S<T> {
    const LIMIT: usize = 3;

    const fn limit() -> usize {
        Self::LIMIT
    }

    fn get(&self) -> &T {
        assert_eq!(qadapt::protection_level(), usize::from(qadapt::is_active()));
        &self.0
    }

    #[qadapt::permit_alloc]
    fn permitted(&self) -> Vec<T> {
        vec![self.0.clone()]
    }
}

trait Level {
    fn level(&self) -> usize;
}

#[qadapt::no_alloc]
impl Level for S<u8> {
    fn level(&self) -> usize {
        qadapt::protection_level()
    }
}

fn main() {
    let s = S(1_u8);
    assert_eq!(*s.get(), 1);
    assert_eq!(s.permitted().len(), S::<u8>::limit() - 2);
    assert_eq!(s.level(), usize::from(qadapt::is_active()));
}
