// Protected functions. The attribute makes a region: the proof speaks of it, and a run counts what it disallows.
use qadapt::allocate_panic;

#[allocate_panic]
fn mean(samples: &[f32]) -> f32 {
    samples.iter().sum::<f32>() / samples.len() as f32
}

#[allocate_panic]
fn sorted(samples: &[f32]) -> f32 {
    let mut copy = samples.to_vec();
    copy.sort_by(f32::total_cmp);
    copy[copy.len() / 2]
}

fn main() {
    let samples = std::hint::black_box([3.0, 1.0, 2.0]);
    println!("{} {}", mean(&samples), sorted(&samples));
}
