//! What advice a piece of code gets.

use std::cell::RefCell;
use std::sync::Once;

use qadapt::Mode;
use qadapt_tests::watching;

thread_local! {
    /// Rules and lines of the advice that this thread's violations got; an empty rule for none.
    static SEEN: RefCell<Vec<(&'static str, String)>> = const { RefCell::new(Vec::new()) };
}

/// Runs code that follows a line of advice in a region, and checks that the region is told nothing.
#[track_caller]
pub(crate) fn followed(advice: impl FnOnce()) {
    let seen = seen(advice);
    assert!(seen.is_empty(), "{seen:?}");
}

/// Runs code with regions; the rules and lines that they are told.
fn seen(code: impl FnOnce()) -> Vec<(&'static str, String)> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        qadapt::set_mode(Mode::Log);
        qadapt::set_violation_hook(|violation| {
            let advice = violation.advice();
            if let Some(advice) = advice {
                let help = format!("   = help: {advice}\n");
                assert!(violation.to_string().ends_with(&help), "{violation}");
            }
            let seen = advice.map(|advice| (advice.id(), advice.to_string())).unwrap_or_default();
            SEEN.with_borrow_mut(|all| all.push(seen));
        });
    });
    code();
    SEEN.take()
}

/// Runs code that protects a region with this habit, and checks that all that the region is told is this rule's advice.
#[track_caller]
pub(crate) fn shown(rule: &str, habit: impl FnOnce()) -> Vec<String> {
    let seen = seen(habit);
    if watching(if rule.is_empty() { "code without a habit" } else { rule }) {
        assert!(!seen.is_empty(), "{rule}: the region saw nothing");
        for (id, line) in &seen {
            assert_eq!(*id, rule, "{line}");
        }
    } else {
        assert!(seen.is_empty(), "{rule}: no checks, no reports");
    }
    seen.into_iter().map(|(_, line)| line).collect()
}
