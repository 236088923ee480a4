//! Realistic hot regions that do not allocate: how many of them are proven is the prover's yield.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const ALL: usize = crate::measure::INPUTS;

/// A second-order filter.
#[derive(Clone, Copy, Default)]
pub struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    z: [f32; 2],
}

impl Biquad {
    fn step(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.z[0];
        self.z[0] = self.b[1] * x - self.a[0] * y + self.z[1];
        self.z[1] = self.b[2] * x - self.a[1] * y;
        y
    }
}

/// A single-producer ring of fixed size.
pub struct Ring {
    data: [u32; 64],
    head: AtomicUsize,
    tail: AtomicUsize,
}

impl Ring {
    fn new() -> Self {
        Self { data: [0; 64], head: AtomicUsize::new(0), tail: AtomicUsize::new(0) }
    }
    fn push(&mut self, v: u32) -> bool {
        let head = self.head.load(Ordering::Relaxed);
        if head.wrapping_sub(self.tail.load(Ordering::Acquire)) == 64 {
            return false;
        }
        self.data[head % 64] = v;
        self.head.store(head.wrapping_add(1), Ordering::Release);
        true
    }
    fn pop(&mut self) -> Option<u32> {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail == self.head.load(Ordering::Acquire) {
            return None;
        }
        let v = self.data[tail % 64];
        self.tail.store(tail.wrapping_add(1), Ordering::Release);
        Some(v)
    }
}

/// A vector of fixed capacity.
pub struct Fixed<T, const N: usize> {
    items: [Option<T>; N],
    len: usize,
}

impl<T: Copy, const N: usize> Fixed<T, N> {
    fn new() -> Self {
        Self { items: [None; N], len: 0 }
    }
    fn push(&mut self, t: T) -> Result<(), T> {
        match self.items.get_mut(self.len) {
            Some(slot) => { *slot = Some(t); self.len += 1; Ok(()) }
            None => Err(t),
        }
    }
    fn pop(&mut self) -> Option<T> {
        self.len = self.len.checked_sub(1)?;
        self.items[self.len].take()
    }
}

/// Events of a small state machine.
#[derive(Clone, Copy)]
pub enum Event { Start, Data(u8), Escape, End, Reset, Ping, Pong, Error(u8) }

fn event(i: usize) -> Event {
    match i % 8 {
        0 => Event::Start, 1 => Event::Data(i as u8), 2 => Event::Escape, 3 => Event::End,
        4 => Event::Reset, 5 => Event::Ping, 6 => Event::Pong, _ => Event::Error(i as u8),
    }
}

/// Order book levels.
pub struct Book { bids: [(u64, u64); 32], len: usize }

const TEXT: &str = "GET /index.html?q=12&r=abc HTTP/1.1\r\nHost: example.org\r\nContent-Length: 348\r\nAccept: */*\r\n\r\n";

fn samples(i: usize) -> Vec<f32> {
    (0..256).map(|n| ((n * (i + 1)) as f32 * 0.01).sin()).collect()
}

fn words(i: usize) -> Vec<u32> {
    (0..512u32).map(|n| n.wrapping_mul(2_654_435_761).rotate_left(i as u32)).collect()
}

cases! {
    dsp_gain, Never, ALL, |i| samples(i) => Vec<f32>, |s| { for x in s.iter_mut() { *x *= 0.5; } s.len() + i };
    dsp_mix, Never, ALL, |i| (samples(i), samples(3)) => (Vec<f32>, Vec<f32>), |s| { for (a, b) in s.0.iter_mut().zip(&s.1) { *a = a.mul_add(0.7, b * 0.3); } i };
    dsp_biquad, Never, ALL, |i| (Biquad { b: [0.1, 0.2, 0.1], a: [-0.5, 0.2], z: [0.0; 2] }, samples(i)) => (Biquad, Vec<f32>), |s| { let mut f = s.0; for x in &mut s.1 { *x = f.step(*x); } s.0 = f; i };
    dsp_fir, Never, ALL, |i| (samples(i), [0.0; 240]) => (Vec<f32>, [f32; 240]), |s| { for (n, out) in s.1.iter_mut().enumerate() { *out = s.0[n..n + 16].iter().sum::<f32>() / 16.0; } i };
    dsp_rms, Never, ALL, |i| samples(i) => Vec<f32>, |s| (s.iter().map(|x| x * x).sum::<f32>() / s.len() as f32).sqrt() as usize + i;
    dsp_sine, Never, ALL, |i| samples(i) => Vec<f32>, |s| { for (n, x) in s.iter_mut().enumerate() { *x = (n as f32 * 0.1).sin() * x.powf(1.5); } i };
    dsp_clip, Never, ALL, |i| samples(i) => Vec<f32>, |s| { for x in s.iter_mut() { *x = x.clamp(-0.9, 0.9); } i };
    dsp_interleave, Never, ALL, |i| (samples(i), [0.0; 512]) => (Vec<f32>, [f32; 512]), |s| { for (o, x) in s.1.chunks_exact_mut(2).zip(&s.0) { o[0] = *x; o[1] = -*x; } i };
    dsp_fft_pass, Never, ALL, |i| samples(i) => Vec<f32>, |s| { let half = s.len() / 2; let (a, b) = s.split_at_mut(half); for (x, y) in a.iter_mut().zip(b) { let t = *x - *y; *x += *y; *y = t; } i };
    dsp_quantise, Never, ALL, |i| (samples(i), [0; 256]) => (Vec<f32>, [i16; 256]), |s| { for (o, x) in s.1.iter_mut().zip(&s.0) { *o = (x * 32767.0).round() as i16; } i };
    parse_number, Never, ALL, |i| "  -1234" => &'static str, |s| s.trim().parse::<i64>().map_or(0, |n| n.unsigned_abs() as usize) + i;
    parse_float, Never, ALL, |i| "3.14159e2" => &'static str, |s| s.parse::<f64>().map_or(0, |n| n as usize) + i;
    parse_http_line, Never, ALL, |i| TEXT => &'static str, |s| { let line = s.lines().next().unwrap_or(""); let mut p = line.split(' '); match (p.next(), p.next()) { (Some("GET"), Some(path)) => path.len() + i, _ => 0 } };
    parse_http_header, Never, ALL, |i| TEXT => &'static str, |s| s.lines().filter_map(|l| l.split_once(": ")).find(|(k, _)| k.eq_ignore_ascii_case("content-length")).and_then(|(_, v)| v.parse().ok()).unwrap_or(i);
    parse_query, Never, ALL, |i| TEXT => &'static str, |s| { let q = s.split('?').nth(1).and_then(|r| r.split(' ').next()).unwrap_or(""); q.split('&').filter_map(|p| p.split_once('=')).map(|(k, v)| k.len() * v.len()).sum::<usize>() + i };
    parse_hex, Never, ALL, |i| *b"00ff17a9" => [u8; 8], |b| b.iter().try_fold(0usize, |n, c| (*c as char).to_digit(16).map(|d| n * 16 + d as usize)).unwrap_or(i);
    parse_varint, Never, ALL, |i| [0x96, 0x81, 0x01, 0] => [u8; 4], |b| { let mut n = 0; for (k, c) in b.iter().enumerate() { n |= usize::from(c & 0x7f) << (7 * k); if c & 0x80 == 0 { break; } } n + i };
    parse_utf8, Never, ALL, |i| TEXT.as_bytes() => &'static [u8], |b| std::str::from_utf8(b).map_or(0, |s| s.chars().filter(|c| c.is_alphanumeric()).count()) + i;
    parse_csv_sum, Never, ALL, |i| "1,22,333,4444" => &'static str, |s| s.split(',').filter_map(|f| f.parse::<usize>().ok()).sum::<usize>() + i;
    parse_be, Never, ALL, |i| [1; 64] => [u8; 64], |b| b.chunks_exact(4).filter_map(|c| c.try_into().ok().map(u32::from_be_bytes)).fold(i, |a, n| a ^ n as usize);
    search_linear, Never, ALL, |i| words(i) => Vec<u32>, |w| w.iter().position(|x| *x == 77).unwrap_or(i);
    search_binary, Never, ALL, |i| (0..512).collect() => Vec<u32>, |w| w.partition_point(|x| (*x as usize) < i);
    search_bytes, Never, ALL, |i| TEXT.as_bytes() => &'static [u8], |b| b.windows(4).position(|w| w == b"Host").unwrap_or(i);
    search_substring, Never, ALL, |i| TEXT => &'static str, |s| s.find("example").unwrap_or(i);
    search_rfind_char, Never, ALL, |i| TEXT => &'static str, |s| s.rfind('*').unwrap_or(i);
    search_max, Never, ALL, |i| words(i) => Vec<u32>, |w| w.iter().copied().max().unwrap_or(0) as usize;
    search_top_k, Never, ALL, |i| words(i) => Vec<u32>, |w| { let mut top = [0u32; 8]; for &x in w.iter() { if x > top[7] { top[7] = x; top.sort_unstable_by(|a, b| b.cmp(a)); } } top[i % 8] as usize };
    search_select, Never, ALL, |i| words(i) => Vec<u32>, |w| *w.select_nth_unstable(100).1 as usize;
    sort_in_place, Never, ALL, |i| words(i) => Vec<u32>, |w| { w.sort_unstable(); w[i] as usize };
    lock_add, Never, ALL, |i| Mutex::new(0) => Mutex<usize>, |m| m.lock().map_or(0, |mut g| { *g += i; *g });
    lock_try, Never, ALL, |i| Mutex::new([0; 16]) => Mutex<[usize; 16]>, |m| m.try_lock().map_or(0, |mut g| { g[i % 16] += 1; g.iter().sum() });
    lock_two, Never, ALL, |i| (Mutex::new(9usize), Mutex::new(1usize)) => (Mutex<usize>, Mutex<usize>), |p| { let (Ok(mut a), Ok(mut b)) = (p.0.lock(), p.1.lock()) else { return 0 }; std::mem::swap(&mut *a, &mut *b); *a + i };
    atomics, Never, ALL, |i| AtomicU64::new(3) => AtomicU64, |a| { let _ = a.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| n.checked_add(i as u64)); a.fetch_max(9, Ordering::Relaxed) as usize };
    ring_push_pop, Never, ALL, |i| Ring::new() => Ring, |r| { for n in 0..i { if !r.push(n as u32) { break; } } let mut s = 0; while let Some(x) = r.pop() { s += x as usize; } s };
    ring_blocks, Never, ALL, |i| (Ring::new(), words(i)) => (Ring, Vec<u32>), |p| { for b in p.1.chunks(32) { for x in b { p.0.push(*x); } while p.0.pop().is_some() {} } i };
    fixed_vec, Never, ALL, |i| Fixed::new() => Fixed<usize, 32>, |f| { for n in 0..i { if f.push(n).is_err() { break; } } f.pop().unwrap_or(0) };
    fixed_stack_machine, Never, ALL, |i| Fixed::new() => Fixed<i64, 16>, |f| { for n in 0..i { if n % 3 == 2 { let (Some(a), Some(b)) = (f.pop(), f.pop()) else { break }; let _ = f.push(a * b); } else { let _ = f.push(n as i64); } } f.len };
    vec_refill, Never, ALL, |i| words(i) => Vec<u32>, |w| { w.truncate(100); w.retain(|x| x & 1 == 0); w.len() };
    hash_fnv, Never, ALL, |i| TEXT.as_bytes() => &'static [u8], |b| b.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, c| (h ^ u64::from(*c)).wrapping_mul(0x100_0000_01b3)) as usize + i;
    crc, Never, ALL, |i| TEXT.as_bytes() => &'static [u8], |b| b.iter().fold(!0u32, |mut c, x| { c ^= u32::from(*x); for _ in 0..8 { c = (c >> 1) ^ (0xedb8_8320 & (c & 1).wrapping_neg()); } c }) as usize + i;
    matrix, Never, ALL, |i| ([[1.0; 8]; 8], [[2.0; 8]; 8]) => ([[f64; 8]; 8], [[f64; 8]; 8]), |m| { let mut o = [[0.0; 8]; 8]; for (r, row) in o.iter_mut().enumerate() { for (c, x) in row.iter_mut().enumerate() { *x = (0..8).map(|k| m.0[r][k] * m.1[k][c]).sum(); } } m.0 = o; m.0[i % 8][0] as usize };
    state_machine, Never, ALL, |i| 0usize => usize, |s| { for n in 0..i { *s = match (event(n), *s) { (Event::Start, 0) => 1, (Event::Data(b), 1) => 1 + usize::from(b & 1), (Event::Escape, 2) => 3, (Event::End, _) => 0, (Event::Reset, _) => 0, (Event::Ping, x) => x + 1, (Event::Pong, x) => x.saturating_sub(1), (Event::Error(e), _) => usize::from(e), (_, x) => x }; } *s };
    order_book, Never, ALL, |i| Book { bids: [(0, 0); 32], len: 0 } => Book, |b| { for n in 0..i { let p = (n * 7919 % 101) as u64; match b.bids[..b.len].binary_search_by(|l| p.cmp(&l.0)) { Ok(k) => b.bids[k].1 += 1, Err(k) if b.len < 32 => { b.bids.copy_within(k..b.len, k + 1); b.bids[k] = (p, 1); b.len += 1; } Err(_) => {} } } b.len };
    game_of_life, Never, ALL, |i| ([0xa5a5_5a5a_1234_8765u64; 64], [0; 64]) => ([u64; 64], [u64; 64]), |g| { for y in 0..64 { let mut row = 0; for x in 0..64 { let n = (0..9).filter(|k| k != &4 && g.0[(y + k / 3 + 63) % 64] >> ((x + k % 3 + 63) % 64) & 1 == 1).count(); if n == 3 || n == 2 && g.0[y] >> x & 1 == 1 { row |= 1 << x; } } g.1[y] = row; } g.1[i].count_ones() as usize };
    base64, Never, ALL, |i| (TEXT.as_bytes(), [0; 256]) => (&'static [u8], [u8; 256]), |p| { const T: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"; let mut n = 0; for c in p.0.chunks_exact(3) { let v = u32::from(c[0]) << 16 | u32::from(c[1]) << 8 | u32::from(c[2]); for k in 0..4 { p.1[n] = T[(v >> (18 - 6 * k) & 63) as usize]; n += 1; } } n + i };
}
