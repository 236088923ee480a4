//! The pool of stacks, with real threads.

use std::thread;

use qadapt_spin::StackPool;

#[test]
fn every_place_can_be_held_and_is_free_again() {
    let pool = StackPool::<3, 2>::new();
    for round in 0..10 {
        let kept: Vec<_> = (0..3).map(|frame| pool.keep(&[round, frame], [1, 2])).collect();
        assert_eq!(pool.keep(&[9], [0, 0]), None);
        for (frame, slot) in kept.into_iter().enumerate() {
            let slot = slot.expect("there was room");
            let stack = pool.stack(slot).expect("it is held");
            assert_eq!((stack.frames(), stack.tag()), (&[round, frame][..], [1, 2]));
            pool.give_back(slot);
        }
        assert_eq!(pool.held(), 0);
    }
}

#[test]
fn a_stack_goes_with_its_last_holder() {
    let pool = StackPool::<1, 2>::new();
    let slot = pool.keep(&[1, 2, 3], [0, 0]).expect("there is room");
    pool.share(slot);
    pool.give_back(slot);
    assert_eq!(pool.stack(slot).expect("one holder is left").frames(), [1, 2], "cut");
    pool.give_back(slot);
    assert_eq!(pool.stack(slot), None);
    // One too many takes nothing from who comes next.
    pool.give_back(slot);
    assert_eq!(pool.keep(&[4], [0, 0]), Some(slot));
    assert_eq!(pool.keep(&[5], [0, 0]), None);
}

#[test]
fn threads_never_share_a_place() {
    static POOL: StackPool<4, 4> = StackPool::new();
    thread::scope(|scope| {
        for number in 1..=4 {
            scope.spawn(move || {
                for round in 0..20_000 {
                    let own = [number, round, number, round];
                    // Four threads hold one each at most.
                    let kept = (0..1_000).find_map(|_| POOL.keep(&own, [number as u64; 2]));
                    let slot = kept.expect("there is a place for each");
                    assert_eq!(POOL.stack(slot).expect("it is held").frames(), own);
                    POOL.give_back(slot);
                }
            });
        }
    });
    assert_eq!(POOL.held(), 0);
}
