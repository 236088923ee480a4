//! Queues and channels.
use crossbeam_queue::{ArrayQueue, SegQueue};
use ringbuf::traits::Observer;
use std::sync::mpsc;

cases! {
    array_queue, Never, ArrayQueue::new(8) => ArrayQueue<u32>,
        |x, i| {
            let _ = x.push(i as u32);
            if i % 2 == 0 { x.pop().map_or(0, |n| n as usize) } else { x.len() }
        };
    array_queue_force, Never, ArrayQueue::new(8) => ArrayQueue<u32>,
        |x, i| x.force_push(i as u32).map_or(0, |n| n as usize);
    seg_queue_push, Some, SegQueue::new() => SegQueue<u32>, |x, i| { x.push(i as u32); 0 };
    mpsc_try_recv, Some, mpsc::sync_channel(8) => (mpsc::SyncSender<u32>, mpsc::Receiver<u32>),
        |x, i| x.1.try_recv().map_or(i, |n| n as usize);
    ringbuf_push, Never, ringbuf::HeapRb::new(16) => ringbuf::HeapRb<f32>,
        |x, i| { let _ = x.try_push(i as f32); x.occupied_len() };
    ringbuf_slices, Never, ringbuf::HeapRb::new(16) => ringbuf::HeapRb<f32>,
        |x, i| {
            let n = x.push_slice(&[i as f32; 5]);
            let mut out = [0.0; 4];
            n + x.pop_slice(&mut out)
        };
    ringbuf_overwrite, Never, ringbuf::HeapRb::new(16) => ringbuf::HeapRb<f32>,
        |x, i| x.push_overwrite(i as f32).map_or(0, |n| n as usize);
    rtrb_push, Never, rtrb::RingBuffer::new(16) => (rtrb::Producer<f32>, rtrb::Consumer<f32>),
        |x, i| usize::from(x.0.push(i as f32).is_ok());
    rtrb_both, Never, rtrb::RingBuffer::new(16) => (rtrb::Producer<f32>, rtrb::Consumer<f32>),
        |x, i| { let _ = x.0.push(i as f32); x.1.pop().map_or(0, |n| n as usize) };
    rtrb_chunk, Never, rtrb::RingBuffer::new(16) => (rtrb::Producer<f32>, rtrb::Consumer<f32>),
        |x, i| {
            if let Ok(mut chunk) = x.0.write_chunk(2) {
                chunk.as_mut_slices().0.fill(i as f32);
                chunk.commit_all();
            }
            x.1.read_chunk(2).map_or(0, |chunk| {
                let n = chunk.len();
                chunk.commit_all();
                n
            })
        };
    heapless_spsc, Never, heapless::spsc::Queue::new() => heapless::spsc::Queue<u32, 16>,
        |x, i| {
            let (mut p, mut c) = x.split();
            let _ = p.enqueue(i as u32);
            c.dequeue().map_or(0, |n| n as usize)
        };
}
