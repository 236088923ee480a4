//! What is measured: for each pool, taking a slot, writing to it, and dropping it.

use std::hint::black_box;
use std::sync::{LazyLock, Mutex, PoisonError};

use heapless::pool::boxed::BoxBlock;
use tokio::sync::Semaphore;

const SLOTS: usize = 64;

/// What lies in a slot.
pub(crate) type Value = [u8; 64];

/// A pool, and taking and dropping in it so often.
#[derive(Debug)]
pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) work: fn(u64),
}

pub(crate) fn all() -> Vec<Contestant> {
    fill_heapless();
    let contestant = |name, work| Contestant { name, work };
    vec![
        contestant("qadapt-pool", qadapt_pool_boxes),
        contestant("qadapt-pool, 8 slots", qadapt_pool_few),
        contestant("qadapt-pool, byte pool", qadapt_pool_bytes),
        contestant("heapless 0.9 BoxPool", heapless_boxes),
        contestant("async-pool 1.3", async_pool_boxes),
        contestant("sharded-slab 0.1 Slab", sharded_slab_entries),
        contestant("tokio Semaphore + Vec", semaphore_and_vector),
        contestant("System (Box)", system_boxes),
    ]
}

fn value() -> Value {
    black_box([1; 64])
}

static BOXES: qadapt_pool::Pool<Value, SLOTS> = qadapt_pool::Pool::new();
static FEW: qadapt_pool::Pool<Value, 8> = qadapt_pool::Pool::new();
static SMALL: qadapt_pool::Pool<qadapt_pool::Bytes<16>, SLOTS> = qadapt_pool::Pool::new();
static MIDDLE: qadapt_pool::Pool<qadapt_pool::Bytes<64>, SLOTS> = qadapt_pool::Pool::new();
static LARGE: qadapt_pool::Pool<qadapt_pool::Bytes<512>, SLOTS> = qadapt_pool::Pool::new();
static BYTES: qadapt_pool::BytePool<'static, 3> =
    qadapt_pool::BytePool::new([SMALL.class(), MIDDLE.class(), LARGE.class()]);

fn qadapt_pool_boxes(times: u64) {
    for _ in 0..times {
        drop(black_box(BOXES.try_box(value()).ok()));
    }
}

fn qadapt_pool_few(times: u64) {
    for _ in 0..times {
        drop(black_box(FEW.try_box(value()).ok()));
    }
}

fn qadapt_pool_bytes(times: u64) {
    for _ in 0..times {
        drop(black_box(BYTES.try_box(value()).ok()));
    }
}

heapless::box_pool!(HeaplessPool: Value);

fn fill_heapless() {
    for _ in 0..SLOTS {
        HeaplessPool.manage(Box::leak(Box::new(BoxBlock::new())));
    }
}

fn heapless_boxes(times: u64) {
    for _ in 0..times {
        drop(black_box(HeaplessPool.alloc(value()).ok()));
    }
}

async_pool::pool!(AsyncPool: [Value; SLOTS], 8);

fn async_pool_boxes(times: u64) {
    for _ in 0..times {
        drop(black_box(async_pool::Box::<AsyncPool>::new(value())));
    }
}

static SLAB: LazyLock<sharded_slab::Slab<Value>> = LazyLock::new(sharded_slab::Slab::new);

fn sharded_slab_entries(times: u64) {
    for _ in 0..times {
        if let Some(key) = black_box(SLAB.insert(value())) {
            SLAB.remove(key);
        }
    }
}

static PERMITS: Semaphore = Semaphore::const_new(SLOTS);
#[expect(clippy::vec_box, reason = "what such a pool holds: memory that stays where it is")]
static VECTOR: LazyLock<Mutex<Vec<Box<Value>>>> =
    LazyLock::new(|| Mutex::new((0..SLOTS).map(|_| Box::new([0; 64])).collect()));

fn semaphore_and_vector(times: u64) {
    for _ in 0..times {
        let Ok(permit) = PERMITS.try_acquire() else { continue };
        let taken = VECTOR.lock().unwrap_or_else(PoisonError::into_inner).pop();
        if let Some(mut taken) = taken {
            *taken = value();
            VECTOR.lock().unwrap_or_else(PoisonError::into_inner).push(black_box(taken));
        }
        drop(permit);
    }
}

fn system_boxes(times: u64) {
    for _ in 0..times {
        drop(black_box(Box::new(value())));
    }
}
