//! What a violation tells the hook, and how hooks and modes are put back.
//!
//! Alone because its hook and its mode are the process's.

use std::sync::Mutex;
use std::thread;

use qadapt::{Budget, Mode, Ops, Policy, QADAPT, set_mode, set_violation_hook, take_violation_hook};
use qadapt_tests::force::force_alloc;
use qadapt_tests::watching;

#[global_allocator]
static ALLOC: QADAPT = QADAPT;

/// Size, mode, over the budget, lent, and the own functions.
type Told = (usize, Mode, bool, bool, Vec<String>);

static TOLD: Mutex<Vec<Told>> = Mutex::new(Vec::new());

fn take() -> Vec<Told> {
    std::mem::take(&mut *TOLD.lock().expect("nobody panics with it"))
}

#[test]
fn a_violation_tells_how_it_came_about() {
    assert_eq!(set_mode(Mode::Log), Mode::Panic);
    assert_eq!(qadapt::mode(), Mode::Log);
    assert!(take_violation_hook().is_none());
    set_violation_hook(|violation| {
        let own = violation.frames().filter(|frame| !frame.is_internal() && frame.address() != 0);
        let functions = own.filter_map(|frame| Some(format!("{} {}", frame.function()?, frame.site()?)));
        TOLD.lock().expect("nobody panics with it").push((
            violation.size(),
            violation.mode(),
            violation.is_over_budget(),
            violation.is_lent(),
            functions.collect(),
        ));
    });
    let frees = Policy::new().allow(Ops::DEALLOC);
    drop(frees.run(|| force_alloc(8)));
    let guard = frees.mode(Mode::Fail).budget(Budget::new().bytes(30)).enter();
    let mut block = Vec::<u8>::new();
    let refused = block.try_reserve_exact(31).is_err();
    drop(guard);
    assert_eq!(refused, qadapt::is_active());
    let made = frees.run(|| {
        let token = Policy::current();
        thread::spawn(move || token.run(|| force_alloc(9))).join().expect("it logs")
    });
    drop(made);

    let hook = take_violation_hook().expect("it was set");
    let told = take();
    drop(frees.run(|| force_alloc(10)));
    assert_eq!(take(), [], "there is no hook");
    set_violation_hook(move |violation| {
        if violation.size() == 12 {
            hook(violation);
        }
    });
    (11..14).for_each(|size| drop(frees.run(|| force_alloc(size))));
    let wrapped = take();
    assert_eq!(set_mode(Mode::Panic), Mode::Log);
    if !watching("what a violation tells") {
        return;
    }
    let of = |size| told.iter().find(|told| told.0 == size).unwrap_or_else(|| panic!("{size}: {told:?}"));
    assert_eq!((of(8).1, of(8).2, of(8).3), (Mode::Log, false, false));
    assert_eq!((of(31).1, of(31).2, of(31).3), (Mode::Fail, true, false));
    assert_eq!((of(9).1, of(9).2, of(9).3), (Mode::Log, false, true));
    assert!(
        of(31).4.iter().any(|frame| frame.contains("a_violation_tells") && frame.contains("hook_tells.rs:"))
    );
    assert_eq!(wrapped.iter().map(|told| told.0).collect::<Vec<_>>(), [12]);
}
