// `Arc`. Making one allocates; cloning it counts. The last one to go frees.
use std::sync::Arc;

let name: Arc<str> = Arc::from("sensor");
let other = Arc::clone(&name);
drop(name);
std::hint::black_box(&other);
drop(other);
