//! The mailboxes: their rules case by case, then with threads.

use std::thread;

use qadapt_spin::{Given, Mailboxes};

fn add_one(sum: &mut Option<u32>) {
    *sum = Some(sum.unwrap_or(0) + 1);
}

#[test]
fn a_full_set_of_boxes_opens_no_more_until_one_is_left() {
    let boxes: Mailboxes<u32, 2> = Mailboxes::new();
    let first = boxes.open().expect("both are free");
    let second = boxes.open().expect("one is free");
    assert_ne!(first.index(), second.index());
    assert_eq!(boxes.open(), None);
    boxes.close(first);
    assert_eq!(boxes.open(), None, "its owner is still in");
    boxes.leave(first);
    let third = boxes.open().expect("one was left");
    assert_eq!((third.index(), third == first), (first.index(), false));
    assert_eq!(format!("{boxes:?}"), "Mailboxes { used: 2, of: 2 }");
}

#[test]
fn a_closed_box_refuses_and_keeps_what_it_has() {
    let boxes: Mailboxes<u32, 1> = Mailboxes::new();
    let address = boxes.open().expect("it is free");
    assert!(boxes.join(address));
    assert_eq!(boxes.give(address, add_one), Given::Kept);
    boxes.close(address);
    assert_eq!(boxes.give(address, add_one), Given::Refused);
    assert!(!boxes.join(address));
    assert_eq!(boxes.take(address), Ok(Some(1)));
    boxes.leave(address);
    assert_eq!(boxes.open(), None, "one who joined is still in");
    boxes.leave(address);
    assert!(boxes.open().is_some());
    assert!(!boxes.join(address), "an old address leads nowhere");
}

#[test]
fn nothing_is_lost_between_an_owner_and_threads_that_come_and_go() {
    const THREADS: u32 = 4;
    const ROUNDS: u32 = 500;
    let boxes: Mailboxes<u32, 3> = Mailboxes::new();
    for round in 0..ROUNDS {
        let address = boxes.open().expect("the last round has left");
        let mut taken = 0;
        let kept: u32 = thread::scope(|scope| {
            let giver = || {
                if !boxes.join(address) {
                    return 0;
                }
                let given = loop {
                    match boxes.give(address, add_one) {
                        Given::Busy => thread::yield_now(),
                        given => break given,
                    }
                };
                boxes.leave(address);
                u32::from(given == Given::Kept)
            };
            let givers = [(); THREADS as usize].map(|()| scope.spawn(giver));
            if round % 2 == 0 {
                thread::yield_now();
            }
            boxes.close(address);
            while let Err(busy) = boxes.take(address).map(|there| taken += there.unwrap_or(0)) {
                assert_eq!(busy.to_string(), "the box is held by another thread");
                thread::yield_now();
            }
            boxes.leave(address);
            givers.into_iter().map(|giver| giver.join().expect("no panic")).sum()
        });
        assert_eq!(kept, taken);
    }
}
