//! The rules that results refer to.

use super::log::{Configuration, Message, Rule};
use crate::format::item::{Severity, severity_of};
use crate::report::outcome;

/// All rules, whether or not a result refers to them.
pub(super) fn rules() -> Vec<Rule> {
    let operations = [
        (
            "allocation",
            "A protected region allocates.",
            "Code in a region that disallows allocations asked the allocator for new memory.",
            "Make the memory before the region and reuse it (`Vec::with_capacity`, `clear`), keep it in an array or on the \
             stack, or allow the call with `permit_alloc` if it must be there.",
        ),
        (
            "reallocation",
            "A protected region reallocates.",
            "Code in a region that disallows allocations asked the allocator to resize a block: a collection outgrew its \
             capacity, or was shrunk.",
            "Reserve enough before the region (`reserve`, `with_capacity`), and do not shrink inside it.",
        ),
        (
            "deallocation",
            "A protected region frees memory.",
            "Code in a region that disallows deallocations gave memory back: a value that owns memory was dropped in it.",
            "Drop the value after the region, or hand it to another thread to drop; `clear` keeps a collection's memory.",
        ),
        (
            "blocking-call",
            "A protected region makes a system call that may wait.",
            "Code in a region that disallows blocking calls made a system call in which its thread may wait.",
            "Do the call before the region or on another thread, try instead of waiting (`try_lock`, `O_NONBLOCK`), or allow \
             the call (`Policy::allow_calls`) or its place (`permit_alloc`) if it must be there.",
        ),
    ];
    let operations = operations.into_iter().map(|(id, short, full, help)| Rule {
        id,
        short_description: Message::new(short),
        full_description: Message::new(full),
        help: Message::new(help),
        default_configuration: Configuration { level: level(Severity::Error) },
    });
    let findings = outcome::Rule::ALL.into_iter().map(|rule| Rule {
        id: rule.id(),
        short_description: Message::new(rule.summary()),
        full_description: Message::new(rule.summary()),
        help: Message::new(help(rule)),
        default_configuration: Configuration { level: level(severity_of(rule)) },
    });
    operations.chain(findings).collect()
}

fn help(rule: outcome::Rule) -> &'static str {
    use outcome::Rule;
    match rule {
        Rule::MoreThanBaseline => {
            "Remove what the region does anew. If it is meant, `cargo qadapt check --bless` writes it into the baseline."
        }
        Rule::OverBudget => "Make the region do less, or change its budget in qadapt.toml.",
        Rule::NotInBaseline => {
            "Remove what the region does against its policy. If it is meant, `cargo qadapt check --bless` writes it into \
             the baseline."
        }
        Rule::NewRegion | Rule::LessThanBaseline => {
            "`cargo qadapt check --bless` writes what there is now into the baseline."
        }
        Rule::Varies => "Give the region the same input in each run, or keep its range in the baseline.",
        Rule::Unmatched => "Remove the entry, or correct its pattern.",
    }
}

/// SARIF's word for a severity.
pub(super) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}
