//! Permits and budgets in protected regions, and code that looks like them.

use std::hint::black_box;

use qadapt::{Budget, PermitDrop, Policy, allocate_panic, assert_no_alloc, permit_alloc};

#[global_allocator]
static ALLOC: qadapt::QADAPT = qadapt::QADAPT;

const FORBIDDING: Policy = Policy::new().forbid();
const WITH_BUDGET: Policy = Policy::new().budget(Budget::new().requests(2));

#[inline(never)]
fn filled(n: usize) -> usize {
    black_box(vec![n; 5]).len()
}

/// Allocates, and frees nothing.
#[inline(never)]
fn kept(n: usize) -> usize {
    black_box(vec![n; 5]).leak().len()
}

#[inline(never)]
fn quiet(n: usize) -> usize {
    black_box(n)
}

#[allocate_panic]
fn permitted(n: usize) -> usize {
    permit_alloc(|| filled(n)) + 1
}

#[inline(never)]
fn in_a_permit(n: usize) -> usize {
    permit_alloc(|| filled(n)) * 3
}

/// The same steps as above in the same order, with the permit before the call.
#[inline(never)]
fn behind_a_permit(n: usize) -> usize {
    permit_alloc(|| ());
    filled(n) * 3
}

#[allocate_panic]
fn calls_in_a_permit(n: usize) -> usize {
    in_a_permit(n) + 2
}

#[allocate_panic]
fn calls_behind_a_permit(n: usize) -> usize {
    behind_a_permit(n) + 2
}

#[allocate_panic]
fn drops_with_permission(values: PermitDrop<Vec<usize>>) -> usize {
    values.len() + 3
}

#[permit_alloc]
#[inline(never)]
fn permitted_function(n: usize) -> usize {
    filled(n) + 5
}

#[allocate_panic]
fn calls_a_permitted_function(n: usize) -> usize {
    permitted_function(n) + 4
}

#[allocate_panic]
fn once_without(n: usize) -> usize {
    permit_alloc(|| filled(n)) + filled(n + 1)
}

#[allocate_panic]
fn one_arm(n: usize) -> usize {
    if n > 3 { permit_alloc(|| filled(n)) } else { filled(n) }
}

#[allocate_panic]
fn in_a_loop(n: usize) -> usize {
    let mut sum = 0;
    for i in 0..n {
        sum += if i % 2 == 0 { permit_alloc(|| filled(i)) } else { filled(i) };
    }
    sum
}

#[allocate_panic(forbid)]
fn forbidden(n: usize) -> usize {
    permit_alloc(|| filled(n)) + 6
}

#[allocate_panic(forbid)]
fn forbidden_below(n: usize) -> usize {
    in_a_permit(n) + 7
}

#[allocate_panic]
fn forbidden_inside(n: usize) -> usize {
    FORBIDDING.run(|| permit_alloc(|| filled(n)) + 8)
}

#[allocate_panic]
fn forbidden_inside_and_below(n: usize) -> usize {
    FORBIDDING.run(|| in_a_permit(n) + 9)
}

#[inline(never)]
fn perhaps_forbidden(policy: Policy, n: usize) -> usize {
    policy.run(|| permit_alloc(|| filled(n)) + 10)
}

#[allocate_panic]
fn protected_again(n: usize) -> usize {
    permit_alloc(|| assert_no_alloc(|| filled(n)) + 11)
}

#[allocate_panic]
#[inline(never)]
fn inner(n: usize) -> usize {
    filled(n) + 12
}

#[allocate_panic]
fn protected_again_below(n: usize) -> usize {
    permit_alloc(|| inner(n)) + 13
}

#[allocate_panic(budget(requests = 2))]
fn with_a_budget(n: usize) -> usize {
    kept(n) + 14
}

#[allocate_panic(budget(requests = 2))]
fn without_need(n: usize) -> usize {
    quiet(n) + 15
}

#[inline(never)]
fn budget_of_a_constant(n: usize) -> usize {
    WITH_BUDGET.run(|| kept(n) + 16)
}

#[inline(never)]
fn without_a_budget(n: usize) -> usize {
    Policy::new().name("strict").run(|| kept(n) + 17)
}

fn main() {
    let n = black_box(std::env::args().count());
    let mut sum = permitted(n) + calls_in_a_permit(n) + calls_behind_a_permit(n);
    sum += drops_with_permission(PermitDrop::new(vec![n; 7])) + calls_a_permitted_function(n);
    sum += once_without(n) + one_arm(n) + in_a_loop(n) + forbidden(n) + forbidden_below(n);
    sum += forbidden_inside(n) + forbidden_inside_and_below(n);
    sum += perhaps_forbidden(black_box(Policy::new()), n) + perhaps_forbidden(FORBIDDING, n);
    sum += protected_again(n) + protected_again_below(n);
    sum += with_a_budget(n) + without_need(n) + budget_of_a_constant(n) + without_a_budget(n);
    println!("{sum}");
}
