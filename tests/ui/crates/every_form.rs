//! Every form of function, for every edition.

#![deny(warnings)]
#![forbid(unsafe_code)]

use std::cell::RefCell;
use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use qadapt::{allocate_panic, no_alloc, permit_alloc};

#[allocate_panic]
pub fn plain(x: u32, mut y: u32) -> u32 {
    y += 1;
    x + y
}

#[no_alloc(name = "patterns")]
pub fn patterns((a, _): (u32, String), [b, .., c]: [u32; 4], _: Vec<u8>, &d: &u32) -> u32 {
    a + b + c + d
}

#[permit_alloc]
pub fn permitted(x: &str) -> Box<dyn Fn(&str) -> String> {
    let x = x.len();
    Box::new(move |y| y.repeat(x))
}

/// A temporary of the last expression borrows from an argument.
#[no_alloc]
pub fn temporary(cell: RefCell<u32>) -> u32 {
    *cell.borrow()
}

#[no_alloc]
pub fn opaque(text: &str) -> Result<impl Iterator<Item = u8> + '_, std::num::ParseIntError> {
    let first = text.parse::<u8>()?;
    Ok(text.bytes().map(move |byte| byte ^ first))
}

#[no_alloc]
pub fn generic<'a, T, const N: usize>(items: &'a mut [T; N], mut by: impl FnMut(&mut T)) -> &'a mut T
where
    T: Clone + Debug + 'a,
{
    for item in items.iter_mut() {
        by(item);
    }
    &mut items[N - 1]
}

#[no_alloc]
pub fn never(code: i32) -> ! {
    std::process::exit(code)
}

#[no_alloc]
pub extern "C" fn callback(x: i32) -> i32 {
    'found: loop {
        for y in 0..x {
            if y * y == x {
                break 'found y;
            }
        }
        return -1;
    }
}

pub struct Voice {
    gain: f32,
    name: String,
}

pub trait Gain {
    #[no_alloc]
    fn doubled(&self) -> f32 {
        self.gain() * 2.0
    }

    fn gain(&self) -> f32;
}

impl Gain for Voice {
    #[no_alloc]
    fn gain(&self) -> f32 {
        self.gain
    }
}

impl Voice {
    #[no_alloc]
    pub fn name(&self) -> &str {
        &self.name
    }

    #[no_alloc]
    pub fn name_mut(&mut self) -> &mut String {
        &mut self.name
    }

    #[no_alloc]
    pub fn into_name(self) -> String {
        self.name
    }

    #[no_alloc]
    pub fn with_gain(mut self, gain: f32) -> Self {
        self.gain = gain;
        self
    }

    #[no_alloc]
    pub fn boxed(self: Box<Self>) -> Box<Self> {
        self
    }

    #[no_alloc]
    pub fn counted(self: &Rc<Self>) -> usize {
        Rc::strong_count(self)
    }

    #[no_alloc]
    pub fn pinned(self: Pin<&mut Self>) -> f32 {
        self.gain
    }

    #[no_alloc]
    pub async fn later<'a>(&'a mut self, other: &'a str) -> &'a str {
        self.gain += std::future::ready(1.0).await;
        if self.name.is_empty() { other } else { &self.name }
    }
}

#[no_alloc]
pub async fn later(mut x: u32, (y, _): (u32, String)) -> Result<u32, std::num::TryFromIntError> {
    x += y;
    let small = u8::try_from_u32(x)?;
    std::future::ready(()).await;
    Ok(small)
}

/// `TryFrom` is in the prelude since the edition of 2021 only.
trait TryFromU32 {
    fn try_from_u32(x: u32) -> Result<u32, std::num::TryFromIntError>;
}

impl TryFromU32 for u8 {
    fn try_from_u32(x: u32) -> Result<u32, std::num::TryFromIntError> {
        <u8 as std::convert::TryFrom<u32>>::try_from(x).map(u32::from)
    }
}

#[permit_alloc]
pub async fn permitted_later(x: u32) -> Box<dyn Fn(&u32) -> u32> {
    std::future::ready(()).await;
    Box::new(move |y| y.pow(x))
}

#[no_alloc]
pub async fn never_later(code: i32) -> ! {
    std::process::exit(code)
}

pub fn is_send() -> impl Future<Output = Result<u32, std::num::TryFromIntError>> + Send {
    later(1, (2, String::new()))
}

#[no_alloc(future)]
pub fn returns_a_future<'a>(x: &'a mut u32, (y, _): (u32, String)) -> impl Future<Output = u32> + Send + 'a {
    *x += y;
    let y = *x;
    async move {
        *x += 1;
        std::future::ready(*x + y).await
    }
}

#[permit_alloc(future)]
pub fn permits_a_future(early: bool) -> impl Future<Output = Result<String, std::num::ParseIntError>> {
    if early {
        return std::future::ready(Ok(String::from("early")));
    }
    std::future::ready("5".parse::<u32>().map(|x| x.to_string()))
}

/// As `#[async_trait]` writes it.
#[no_alloc]
pub fn boxed_later<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = usize> + Send + 'a>> {
    Box::pin(async move {
        std::future::ready(()).await;
        text.len()
    })
}

#[allocate_panic(future)]
pub fn boxes_a_future(text: &str) -> Pin<Box<dyn Future<Output = usize> + '_>> {
    let len = text.len();
    let doubled = move || {
        return len * 2;
    };
    Box::pin(std::future::ready(doubled()))
}
