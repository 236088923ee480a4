//! A crate that is clean under `clippy -D warnings -W clippy::pedantic`.

use std::fmt::Write as _;
use std::future::{Future, ready};
use std::pin::Pin;

use qadapt::{allocate_panic, no_alloc, permit_alloc};

fn one() -> u32 {
    1
}

#[no_alloc]
#[must_use]
pub fn forwards() -> u32 {
    one()
}

#[no_alloc]
pub fn returns_nothing(voice: &mut Voice) {
    voice.write(1);
}

#[no_alloc]
#[must_use]
pub fn short_names(a: u32, b: u32, c: u32, d: u32) -> u32 {
    a ^ b ^ c ^ d
}

#[no_alloc]
pub fn unused(_: u32, _x: u32, _name: String, mut _counter: u32) {}

#[no_alloc]
pub fn units((): (), _: (), _unit: ()) {}

#[no_alloc]
#[must_use]
pub fn items_first(x: u32) -> u32 {
    const LIMIT: u32 = 10;
    fn double(x: u32) -> u32 {
        x * 2
    }
    if x > LIMIT { x } else { double(x) }
}

#[no_alloc]
#[must_use]
pub fn patterns((a, b): (u32, u32), [c, .., d]: [u32; 4]) -> u32 {
    a ^ b ^ c ^ d
}

#[no_alloc]
#[must_use]
pub fn sorted(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    items
}

#[no_alloc(name = "early")]
#[must_use]
pub fn early(x: u32) -> u32 {
    if x > 3 {
        return 1;
    }
    let y = x + 1;
    y * 2
}

#[no_alloc]
#[allocate_panic]
#[must_use]
pub fn twice(x: u32, _y: String) -> u32 {
    x
}

/// # Errors
/// If it is no number.
#[no_alloc]
pub fn parsed(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    Ok(number)
}

/// # Panics
/// Always.
#[no_alloc]
pub fn never() -> ! {
    panic!("always")
}

#[no_alloc]
pub fn halves(items: &[u32]) -> impl Iterator<Item = u32> + '_ {
    items.iter().map(|item| item / 2)
}

#[no_alloc]
pub fn adder(x: u32) -> impl Fn(u32) -> u32 {
    move |y| x + y
}

#[no_alloc]
pub fn applied(with: impl Fn(u32)) {
    with(3);
}

#[permit_alloc]
#[must_use]
pub fn permitted(x: u8) -> Vec<u8> {
    vec![x]
}

pub struct Voice {
    name: String,
}

impl Voice {
    #[no_alloc]
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[no_alloc]
    pub fn name_mut(&mut self) -> &mut String {
        &mut self.name
    }

    #[no_alloc]
    #[must_use]
    pub fn cleared(mut self) -> Self {
        self.name.clear();
        self
    }

    #[no_alloc]
    #[must_use]
    pub fn len(self: Pin<&mut Self>) -> usize {
        self.name.len()
    }

    #[permit_alloc]
    pub fn write(&mut self, number: u32) {
        let _ = write!(self.name, "{number}");
    }

    #[no_alloc]
    pub async fn later(&self) -> &str {
        ready(()).await;
        &self.name
    }
}

/// # Errors
/// If it is no number.
#[no_alloc]
pub async fn parsed_later(text: &str) -> Result<u32, std::num::ParseIntError> {
    let number = text.parse()?;
    ready(()).await;
    Ok(number)
}

#[no_alloc]
pub async fn forwards_later(_: String, _x: u32) -> u32 {
    ready(5).await
}

#[no_alloc]
pub async fn returns_nothing_later() {
    ready(()).await;
}

#[no_alloc]
pub async fn returns_a_future() -> impl Future<Output = u32> {
    ready(()).await;
    ready(5)
}

/// # Panics
/// Always.
#[permit_alloc]
pub async fn never_later(code: u32) -> ! {
    ready(()).await;
    panic!("{code}")
}

#[no_alloc(future)]
pub fn shares(text: &str) -> impl Future<Output = usize> + '_ {
    let doubled = text.len() * 2;
    async move {
        ready(()).await;
        doubled
    }
}

#[no_alloc(future)]
#[must_use = "futures do nothing unless polled"]
pub fn five() -> impl Future<Output = u32> + Send {
    ready(5)
}

type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

#[no_alloc]
#[must_use = "futures do nothing unless polled"]
pub fn in_a_box(text: &str) -> Boxed<'_, usize> {
    Box::pin(async move {
        ready(()).await;
        text.len()
    })
}

#[no_alloc(future)]
#[must_use = "futures do nothing unless polled"]
pub fn in_a_box_after_all(text: &str) -> Boxed<'_, usize> {
    let doubled = text.len() * 2;
    Box::pin(ready(doubled))
}
