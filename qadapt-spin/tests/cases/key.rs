//! How well keys tell stacks apart.

use fastrand::Rng;
use qadapt_spin::Key;

/// Something like a return address: 47 bits.
fn address(random: &mut Rng) -> usize {
    usize::try_from(random.u64(..) >> 17).expect("a 64-bit target")
}

fn number(key: Key) -> u64 {
    key.get().get()
}

fn distinct(mut keys: Vec<u64>) -> usize {
    keys.sort_unstable();
    keys.dedup();
    keys.len()
}

#[test]
fn a_million_random_stacks_that_differ_in_one_frame() {
    let mut random = Rng::with_seed(0x5EED);
    let mut frames: [usize; 16] = core::array::from_fn(|_| address(&mut random));
    let mut addresses: Vec<u64> = Vec::new();
    let mut keys = Vec::new();
    for _ in 0..1_000_000 {
        frames[5] = address(&mut random);
        addresses.push(frames[5] as u64);
        keys.push(number(Key::of(0, &frames)));
    }
    assert_eq!(distinct(keys), distinct(addresses));
}

/// Two frames that move in step, by little as call sites in one function do, or in their high bits alone.
#[test]
fn stacks_that_differ_in_two_neighbouring_frames() {
    for stride in [1, 16, 1 << 20, 1 << 32, 1 << 54] {
        let mut keys = Vec::new();
        for a in 0..500 {
            for b in 0..500 {
                keys.push(number(Key::of(
                    0,
                    &[0x5555_0000_1000, 0x5555_0000_1000 + a * stride, 0x7000 + b * stride],
                )));
            }
        }
        assert_eq!(distinct(keys), 500 * 500, "stride {stride}");
    }
}

#[test]
fn the_order_of_frames_counts() {
    let mut keys = Vec::new();
    for a in 0..7 {
        for b in 0..7 {
            for c in 0..7 {
                keys.push(number(Key::of(0, &[a, b, c])));
            }
        }
    }
    assert_eq!(distinct(keys), 7 * 7 * 7);
}

#[test]
fn the_length_counts_where_the_frames_are_zeros() {
    let keys = (0..64).map(|len| number(Key::of(0, &[0; 64][..len]))).collect();
    assert_eq!(distinct(keys), 64);
}

#[test]
fn the_seed_counts() {
    let keys = (0..1_000).map(|seed| number(Key::of(seed, &[1, 2, 3]))).collect();
    assert_eq!(distinct(keys), 1_000);
}

/// A table starts its search at the high bits; stacks that are alike must not start alike.
#[test]
fn the_high_bits_are_spread_evenly() {
    const BUCKETS: usize = 256;
    const EACH: usize = 256;
    let mut counts = [0_usize; BUCKETS];
    for step in 0..BUCKETS * EACH {
        let key = number(Key::of(0, &[0x5555_0000_1000, 0x5555_0000_2000 + step]));
        counts[usize::try_from(key >> 56).expect("a byte")] += 1;
    }
    // The standard deviation of a random count is 16: six of them either way.
    for (bucket, count) in counts.into_iter().enumerate() {
        assert!(count.abs_diff(EACH) < 96, "bucket {bucket} has {count}");
    }
}

/// Each bit of the last frame reaches each bit of the key about half of the time.
#[test]
fn one_changed_bit_changes_half_of_the_key() {
    const TRIALS: u32 = 2_000;
    let mut random = Rng::with_seed(0xB175);
    for bit in 0..47 {
        let mut flips = [0_u32; 64];
        for _ in 0..TRIALS {
            let before = [address(&mut random), address(&mut random)];
            let after = [before[0], before[1] ^ (1 << bit)];
            let changed = number(Key::of(0, &before)) ^ number(Key::of(0, &after));
            for (out, flips) in flips.iter_mut().enumerate() {
                *flips += u32::from(changed >> out & 1 == 1);
            }
        }
        for (out, flips) in flips.into_iter().enumerate() {
            assert!(flips.abs_diff(TRIALS / 2) < TRIALS / 8, "bit {bit} changes bit {out} {flips} times");
        }
    }
}
