//! What threads share, clocks, virtual calls and logs.
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex, OnceLock, RwLock};
use std::time::{Duration, Instant, SystemTime};

static TABLE: LazyLock<Vec<u32>> = LazyLock::new(|| (0..64).collect());
static ONCE: OnceLock<u32> = OnceLock::new();
thread_local! {
    static PLAIN: Cell<u32> = const { Cell::new(0) };
    static LAZY: RefCell<u32> = RefCell::new(5);
}

pub trait Stage {
    fn process(&mut self, buffer: &mut [f32]);
    fn name(&self) -> &'static str {
        "stage"
    }
}
pub struct Gain(f32);
pub struct Delay {
    line: Vec<f32>,
    at: usize,
}
impl Stage for Gain {
    fn process(&mut self, buffer: &mut [f32]) {
        for s in buffer {
            *s *= self.0;
        }
    }
}
impl Stage for Delay {
    fn process(&mut self, buffer: &mut [f32]) {
        for s in buffer {
            std::mem::swap(s, &mut self.line[self.at]);
            self.at = (self.at + 1) % self.line.len();
        }
    }
    fn name(&self) -> &'static str {
        "delay"
    }
}
pub struct Chain {
    stages: Vec<Box<dyn Stage>>,
    buffer: [f32; 32],
}
pub enum Shape {
    Dot,
    Circle(f32),
    Square(f32),
    Rectangle(f32, f32),
}
impl Shape {
    fn area(&self) -> f32 {
        match self {
            Self::Dot => 0.0,
            Self::Circle(r) => r * r * 3.14,
            Self::Square(a) => a * a,
            Self::Rectangle(a, b) => a * b,
        }
    }
}

fn chain() -> Chain {
    Chain {
        stages: vec![Box::new(Gain(0.5)), Box::new(Delay { line: vec![0.0; 7], at: 0 })],
        buffer: [1.0; 32],
    }
}
fn apply(f: &dyn Fn(f32) -> f32, buffer: &mut [f32]) {
    for s in buffer {
        *s = f(*s);
    }
}

const CURVES: [fn(f32) -> f32; 3] = [f32::abs, f32::sqrt, |x| x * 0.5];

cases! {
    mutex_lock, Never, Arc::new(Mutex::new(0u64)) => Arc<Mutex<u64>>,
        |x, i| { let mut held = x.lock().unwrap(); *held += i as u64; *held as usize };
    mutex_try_lock, Never, Arc::new(Mutex::new(0u64)) => Arc<Mutex<u64>>,
        |x, i| x.try_lock().map_or(0, |mut held| { *held += i as u64; *held as usize });
    rwlock_read, Never, Arc::new(RwLock::new(vec![1u32, 2, 3])) => Arc<RwLock<Vec<u32>>>,
        |x, i| x.read().unwrap()[i % 3] as usize;
    rwlock_write, Never, Arc::new(RwLock::new(vec![1u32, 2, 3])) => Arc<RwLock<Vec<u32>>>,
        |x, i| { x.write().unwrap()[i % 3] = i as u32; 0 };
    condvar_notify, Never, (Mutex::new(false), Condvar::new()) => (Mutex<bool>, Condvar),
        |x, i| { *x.0.lock().unwrap() = i % 2 == 0; x.1.notify_one(); 0 };
    parking_lot_lock, Some, parking_lot::Mutex::new(0u64) => parking_lot::Mutex<u64>,
        |x, i| { let mut held = x.lock(); *held += i as u64; *held as usize };
    atomics, Never, AtomicU64::new(0) => AtomicU64,
        |x, i| {
            x.fetch_max(i as u64, Ordering::AcqRel);
            x.fetch_add(1, Ordering::Relaxed) as usize
        };
    once_lock_get, Never, 0u32 => u32, |x, i| ONCE.get().map_or(i, |v| *v as usize) + *x as usize;
    once_lock_init, Never, 0u32 => u32, |x, i| *ONCE.get_or_init(|| 7) as usize + *x as usize + i;
    lazy_lock, Some, 0u32 => u32, |x, i| TABLE[i] as usize + *x as usize;
    once_cell_get, Never, OnceCell::from(3u32) => OnceCell<u32>, |x, i| x.get().map_or(i, |v| *v as usize);
    local_cell, Never, 0u32 => u32, |x, i| { PLAIN.set(PLAIN.get() + *x + 1); PLAIN.get() as usize + i };
    local_lazy, Never, 0u32 => u32, |x, i| LAZY.with_borrow_mut(|v| { *v += *x; *v as usize + i });
    refcell_rc, Never, Rc::new(RefCell::new(4u32)) => Rc<RefCell<u32>>,
        |x, i| { *x.borrow_mut() += i as u32; *x.borrow() as usize };
    arc_clone, Some, Arc::new(4u32) => Arc<u32>, |x, i| { let mine = Arc::clone(x); *mine as usize + i };
    arc_swap_load, Some, arc_swap::ArcSwap::from_pointee(4u32) => arc_swap::ArcSwap<u32>,
        |x, i| **x.load() as usize + i;
    instant_elapsed, Never, Instant::now() => Instant,
        |x, i| {
            let took = x.elapsed();
            *x = Instant::now();
            usize::from(took > Duration::from_millis(i as u64))
        };
    system_time, Never, 0u64 => u64,
        |x, i| {
            *x = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
            *x as usize % (i + 1)
        };
    dyn_chain, Never, chain() => Chain,
        |x, i| { for s in &mut x.stages { s.process(&mut x.buffer); } x.buffer[i] as usize };
    dyn_one, Never, Box::new(Gain(0.25)) => Box<dyn Stage>,
        |x, i| { let mut b = [i as f32; 16]; x.process(&mut b); x.name().len() + b[3] as usize };
    dyn_local, Never, 0.5f32 => f32,
        |x, i| {
            let mut g = Gain(*x);
            let stage: &mut dyn Stage = &mut g;
            let mut b = [i as f32; 16];
            stage.process(&mut b);
            b[3] as usize
        };
    dyn_closure, Never, [1.0; 16] => [f32; 16],
        |x, i| { let by = i as f32; apply(&|s| s * by, x); x[0] as usize };
    boxed_closure, Never, (Box::new(|s| s * 2.0), [1.0; 16]) => (Box<dyn Fn(f32) -> f32 + Send>, [f32; 16]),
        |x, i| { for s in &mut x.1 { *s = (x.0)(*s); } x.1[i % 16] as usize };
    fn_table, Never, [1.0; 16] => [f32; 16],
        |x, i| { let f = CURVES[i % 3]; for s in x.iter_mut() { *s = f(*s); } x[0] as usize };
    enum_dispatch, Never, vec![Shape::Dot, Shape::Circle(1.0), Shape::Square(2.0), Shape::Rectangle(1.0, 2.0)]
        => Vec<Shape>,
        |x, i| x.iter().map(Shape::area).sum::<f32>() as usize + i;
    log_off, Never, 3u32 => u32, |x, i| { log::debug!("tick {i} of {x}"); log::info!("tick"); i };
    rng_fast, Never, fastrand::Rng::with_seed(7) => fastrand::Rng,
        |x, i| x.usize(..=i) + usize::from(x.bool());
}
