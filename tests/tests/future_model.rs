//! Random trees of guarded futures, polled by hand on several threads in random order, against a simple model of what
//! each poll does.
//!
//! Alone in its process because it sets the process's mode and its panic hook.
#![expect(unsafe_code, reason = "the allocator is called directly, so that every event is a planned one")]

#[path = "future_model/context.rs"]
mod context;
#[path = "future_model/machine.rs"]
mod machine;
#[path = "future_model/watched.rs"]
mod watched;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, ThreadId};

use fastrand::Rng;
use qadapt::{Mode, QADAPT};
use qadapt_tests::polled::poll_once;

use context::{Context, Seen};
use machine::Machine;
use watched::Watched;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Steps of all threads together: events, regions, and polls and cancels of inner futures.
const STEPS: u64 = 1_000_000;
const THREADS: usize = 4;
/// Futures that one thread makes before it polls those of the others only.
const FUTURES: usize = 16;

/// A future on its way between threads, and the thread that polled it last.
struct Task {
    future: Watched,
    random: Rng,
    polled_by: Option<ThreadId>,
}

#[test]
fn a_million_steps_agree_with_the_model() {
    if !qadapt_tests::watching("the model of guarded futures") {
        return;
    }
    qadapt::set_mode(Mode::Count);
    std::panic::set_hook(Box::new(|_| ()));
    let steps = AtomicU64::new(0);
    let (senders, receivers): (Vec<Sender<Task>>, Vec<Receiver<Task>>) =
        (0..THREADS).map(|_| channel()).unzip();
    let ended: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = receivers
            .into_iter()
            .enumerate()
            .map(|(seed, receiver)| {
                let (senders, steps) = (senders.clone(), &steps);
                scope.spawn(move || Executor { senders, receiver, steps }.run(seed as u64))
            })
            .collect();
        threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
    });
    drop(std::panic::take_hook());
    let mut total = Seen::default();
    for (thread, result) in ended.into_iter().enumerate() {
        let context = result.expect("an executor catches the panics of its futures");
        assert!(context.difference.is_none(), "thread {thread}: {:?}", context.difference);
        total.add(&context.seen);
    }
    println!("{total:?}");
    // Futures that never got anywhere would agree with any model.
    let Seen { steps, polls, migrations, cancels, violations, refusals, panics, unwound, counted, .. } =
        total;
    assert!(steps >= STEPS, "{steps} steps");
    for (what, number) in [
        ("polls", polls),
        ("migrations", migrations),
        ("cancels", cancels),
        ("drops inside", total.drops_inside),
        ("violations", violations),
        ("refusals", refusals),
        ("panics that a poll owed", panics),
        ("panics of the futures themselves", unwound),
        ("counts compared", counted),
    ] {
        assert!(number > 1000, "only {number} {what}");
    }
}

/// One thread that polls.
struct Executor<'a> {
    senders: Vec<Sender<Task>>,
    receiver: Receiver<Task>,
    steps: &'a AtomicU64,
}

impl Executor<'_> {
    fn run(self, seed: u64) -> Context {
        let mut random = Rng::with_seed(seed);
        let mut own = 0;
        let mut before = 0;
        while self.steps.load(Ordering::Relaxed) < STEPS && !context::differs() {
            let task = self.receiver.try_recv().ok();
            if let Some(task) = task {
                self.poll(task, &mut random);
            } else if own < FUTURES {
                own += 1;
                self.poll(new_task(&mut random), &mut random);
            } else {
                // All are with the others, who send some back.
                thread::yield_now();
            }
            let steps = context::with(|context| context.seen.steps);
            self.steps.fetch_add(steps - before, Ordering::Relaxed);
            before = steps;
        }
        if context::differs() {
            // Enough is seen.
            self.steps.store(STEPS, Ordering::Relaxed);
        }
        // What is still under way is cancelled here, or where it is sent to nobody.
        drop(self.receiver);
        context::with(|context| context.clone())
    }

    /// Polls a few times and sends the future on, or another one in its place.
    fn poll(&self, mut task: Task, random: &mut Rng) {
        let id = thread::current().id();
        if task.polled_by.replace(id).is_some_and(|before| before != id) {
            context::with(|context| context.seen.migrations += 1);
        }
        let mut done = false;
        for _ in 0..=task.random.usize(..3) {
            context::with(|context| context.seen.polls += 1);
            // A panic that nobody inside caught; the future can be polled on.
            match catch_unwind(AssertUnwindSafe(|| poll_once(task.future.pinned()))) {
                Ok(poll) => done = poll.is_ready(),
                Err(payload) => std::mem::forget(payload),
            }
            context::compare("at the end of a poll");
            if done {
                break;
            }
        }
        if done || task.random.usize(..12) == 0 {
            if !done {
                context::with(|context| context.seen.cancels += 1);
            }
            drop(task);
            context::compare("after a drop");
            task = new_task(random);
        }
        let to = random.usize(..THREADS);
        // Where that thread has ended the future is cancelled here.
        drop(self.senders[to].send(task));
        context::compare("after the future was sent on");
    }
}

fn new_task(random: &mut Rng) -> Task {
    let future = Machine::tree(random, 0);
    Task { future, random: Rng::with_seed(random.u64(..)), polled_by: None }
}
