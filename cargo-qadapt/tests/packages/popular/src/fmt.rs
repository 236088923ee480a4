//! Text into fixed buffers.
#![expect(dead_code, reason = "derived `Debug` alone reads the fields")]
use arrayvec::ArrayString;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write as _;
use std::io::Write as _;

#[derive(Debug, Clone, Copy)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}
#[derive(Debug, Clone, Copy)]
pub enum Side {
    Buy,
    Sell,
}
#[derive(Debug, Clone)]
pub enum Event {
    Tick,
    Fill { side: Side, price: f64, size: u32 },
    Text(&'static str),
    Move(Point, Option<Point>),
}

type Text = ArrayString<256>;

fn put(text: &mut Text, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

fn events() -> [Event; 4] {
    [
        Event::Tick,
        Event::Fill { side: Side::Buy, price: 1.5, size: 7 },
        Event::Text("done"),
        Event::Move(Point { x: 1.0, y: 2.0 }, Some(Point { x: 0.5, y: 0.25 })),
    ]
}

cases! {
    slice_integers, Never, [0; 64] => [u8; 64],
        |x, i| { let mut out = &mut x[..]; let _ = write!(out, "{} {:#x}", i, i); out.len() };
    cursor_float, Never, [0; 64] => [u8; 64],
        |x, i| {
            let mut out = std::io::Cursor::new(&mut x[..]);
            let _ = write!(out, "{:.3}", i as f64 / 7.0);
            out.position() as usize
        };
    text_float, Never, Text::new() => Text,
        |x, i| {
            x.clear();
            let _ = write!(x, "{:.2} {:e} {}", i as f64 / 7.0, i as f32, 0.5f64);
            x.len()
        };
    text_padded, Never, Text::new() => Text,
        |x, i| {
            x.clear();
            let _ = write!(x, "{:>10}|{:<8}|{:^9}|{:+07.2}", i, "name", true, i as f64);
            x.len()
        };
    text_debug_struct, Never, (Text::new(), Point { x: 1.0, y: 2.0 }) => (Text, Point),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{:?} {i}", x.1); x.0.len() };
    text_debug_unit_enum, Never, (Text::new(), Side::Sell) => (Text, Side),
        |x, i| {
            x.0.clear();
            if i % 2 == 0 { x.1 = Side::Buy; } let _ = write!(x.0, "{:?}", x.1);
            x.0.len()
        };
    text_debug_enum, Never, (Text::new(), events()) => (Text, [Event; 4]),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{:?}", x.1[i % 4]); x.0.len() };
    text_debug_slice, Never, (Text::new(), vec![1, 2, 3]) => (Text, Vec<u32>),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{:?} {i}", x.1); x.0.len() };
    text_debug_option, Never, (Text::new(), Some(4)) => (Text, Option<u32>),
        |x, i| {
            x.0.clear();
            if i > 5 { x.1 = None; } let _ = write!(x.0, "{:?}", x.1);
            x.0.len()
        };
    text_display_ip, Never, (Text::new(), std::net::IpAddr::from([127, 0, 0, 1])) => (Text, std::net::IpAddr),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{} {i}", x.1); x.0.len() };
    text_duration, Never, Text::new() => Text,
        |x, i| {
            x.clear();
            let _ = write!(x, "{:?}", std::time::Duration::from_micros(i as u64 * 1234));
            x.len()
        };
    uuid_display, Never, (Text::new(), uuid::Uuid::from_u128(7)) => (Text, uuid::Uuid),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{} {i}", x.1); x.0.len() };
    percent_encode, Never, (Text::new(), String::from("a b&c/ü")) => (Text, String),
        |x, i| {
            x.0.clear();
            let _ = write!(x.0, "{}", utf8_percent_encode(&x.1[i % 3..], NON_ALPHANUMERIC));
            x.0.len()
        };
    semver_display, Never, (Text::new(), semver::Version::new(1, 2, 3)) => (Text, semver::Version),
        |x, i| { x.0.clear(); let _ = write!(x.0, "{} {i}", x.1); x.0.len() };
    args_through, Never, Text::new() => Text,
        |x, i| {
            x.clear();
            put(x, format_args!("{i}:{}", i + 1));
            x.len()
        };
    dyn_writer, Never, Text::new() => Text,
        |x, i| {
            x.clear();
            let w: &mut dyn std::fmt::Write = x;
            let _ = w.write_str("id ");
            let _ = write!(w, "{i}");
            x.len()
        };
}
