//! Every kind of `self`.

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use qadapt::no_alloc;

#[derive(Clone)]
struct Filter<'a> {
    gain: &'a f32,
}

impl<'a> Filter<'a> {
    #[no_alloc]
    fn none(gain: &'a f32) -> Self {
        Self { gain }
    }

    #[no_alloc]
    fn shared(&self) -> &'a f32 {
        self.gain
    }

    #[no_alloc]
    fn unique(&mut self, gain: &'a f32) -> &mut Self {
        self.gain = gain;
        self
    }

    #[no_alloc]
    fn value(self) -> f32 {
        *self.gain
    }

    #[no_alloc]
    fn mutable(mut self, gain: &'a f32) -> Self {
        self.gain = gain;
        self
    }

    #[no_alloc]
    fn typed<'b>(self: &'b mut Filter<'a>) -> &'b &'a f32 {
        &self.gain
    }

    #[no_alloc]
    fn boxed(self: Box<Self>) -> Box<Self> {
        self
    }

    #[no_alloc]
    fn counted(self: Rc<Self>) -> Rc<Self> {
        self
    }

    #[no_alloc]
    fn counted_ref(self: &Arc<Self>) -> f32 {
        *self.gain
    }

    #[no_alloc]
    fn pinned(self: Pin<&mut Self>) -> Pin<&mut Self> {
        self
    }
}

fn main() {
    let (one, two) = (1.0, 2.0);
    let mut filter = Filter::none(&one);
    assert_eq!(*filter.shared(), 1.0);
    assert_eq!(*filter.unique(&two).gain, 2.0);
    assert_eq!(**filter.typed(), 2.0);
    assert_eq!(*Pin::new(&mut filter).pinned().gain, 2.0);
    assert_eq!(*Box::new(filter.clone()).boxed().gain, 2.0);
    assert_eq!(*Rc::new(filter.clone()).counted().gain, 2.0);
    assert_eq!(Arc::new(filter.clone()).counted_ref(), 2.0);
    assert_eq!(filter.mutable(&one).value(), 1.0);
}
