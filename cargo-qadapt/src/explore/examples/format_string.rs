// `format!`. The text starts at a guess and grows; a buffer that is kept asks once.
use std::fmt::Write;

let name = format!("{}-{}", std::hint::black_box("sensor"), 17);
std::hint::black_box(&name);

let mut buffer = String::with_capacity(64);
for number in 0..3 {
    buffer.clear();
    write!(buffer, "sensor-{number}").unwrap();
    std::hint::black_box(&buffer);
}
