// A channel without a bound. It makes a block for each 31 messages, on whichever thread sends.
use std::sync::mpsc;

let (send, receive) = mpsc::channel();
for number in 0..40_u64 {
    send.send(number).unwrap();
}
drop(send);
println!("{}", receive.iter().sum::<u64>());
