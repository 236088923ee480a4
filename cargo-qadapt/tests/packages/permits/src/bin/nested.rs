//! Regions that allocate inside permits and behind other regions, where little tells that they are there.

use std::hint::black_box;

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

/// The compiler makes one call of the two that are in the macro.
#[inline(never)]
fn merged(protected: bool, list: &mut Vec<u64>) {
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| undescribed::push!(protected, list, 7)));
}

#[inline(never)]
fn at_the_start(list: &mut Vec<u64>) {
    qadapt::assert_no_alloc(|| qadapt::permit_alloc(|| undescribed::pushes(list)));
}

#[inline(never)]
fn behind_work(list: &mut Vec<u64>, sum: &mut u64) {
    qadapt::assert_no_alloc(|| {
        *sum = sum.wrapping_mul(3);
        black_box(&mut *sum);
        qadapt::permit_alloc(|| undescribed::pushes(list));
        black_box(&mut *sum);
    });
}

#[inline(never)]
fn behind_permitted_work(list: &mut Vec<u64>, sum: &mut u64) {
    qadapt::assert_no_alloc(|| {
        *sum = sum.wrapping_mul(3);
        black_box(&mut *sum);
        qadapt::permit_alloc(|| {
            *sum = sum.wrapping_add(9);
            black_box(&mut *sum);
            undescribed::pushes(list);
        });
        black_box(&mut *sum);
    });
}

#[inline(never)]
fn behind_a_region(list: &mut Vec<u64>, sum: &mut u64) {
    qadapt::assert_no_alloc(|| *sum = sum.wrapping_mul(5));
    undescribed::pushes(list);
}

/// The compiler takes the division out of the loop, so that the region's code lies in two pieces.
#[inline(never)]
fn behind_a_region_in_pieces(list: &mut Vec<u64>, four: &mut [u64; 4], times: u64) {
    for turn in 0..times {
        qadapt::assert_no_alloc(|| four[1] = 77 / (turn | 1) + four[0]);
        undescribed::pushes(list);
    }
}

#[inline(never)]
fn behind_sums(list: &mut Vec<u64>, four: &mut [f64; 4], x: f64, y: f64) -> f64 {
    let root = (y / 3.0).sqrt();
    let sum = qadapt::assert_no_alloc(|| {
        four[0] = four[1] / x;
        four[2] = four[3] / root;
        (x / y).sqrt()
    });
    undescribed::pushes(list);
    root + sum
}

fn main() {
    let (mut list, mut sum) = (Vec::new(), black_box(1));
    behind_a_region_in_pieces(&mut list, &mut black_box([1; 4]), sum);
    println!("{}", behind_sums(&mut list, &mut black_box([1.0; 4]), black_box(2.0), black_box(3.0)));
    merged(sum > 1, &mut list);
    at_the_start(&mut list);
    behind_work(&mut list, &mut sum);
    behind_permitted_work(&mut list, &mut sum);
    behind_a_region(&mut list, &mut sum);
    println!("{} {sum}", list.len());
}
