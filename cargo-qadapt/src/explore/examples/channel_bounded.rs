// A channel with a bound. All its room is made at the start: sending asks for nothing.
use std::sync::mpsc;

let (send, receive) = mpsc::sync_channel(64);
for number in 0..40_u64 {
    send.send(number).unwrap();
}
drop(send);
println!("{}", receive.iter().sum::<u64>());
