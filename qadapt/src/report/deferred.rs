//! What is said at the process's end of frees that were deferred.

use super::sink;
use crate::hot::defer::chain;
use crate::hot::setting;
use crate::model::{Amount, Deferred, Mode};

/// Says the most that ever waited, and what is left; nothing in mode count.
pub(super) fn report() {
    let Deferred { waiting, most, over, .. } = chain::all_figures();
    if most == Amount::NONE || setting::default_mode() == Mode::Count {
        return;
    }
    let still = if waiting == Amount::NONE {
        String::new()
    } else {
        format!("; blocks waiting still: {}; bytes: {}", waiting.blocks, waiting.bytes)
    };
    let beyond = if over == 0 { String::new() } else { format!("; blocks beyond the limit: {over}") };
    sink::send(&format!(
        "qadapt: deferred frees: blocks waiting at once: at most {}; bytes: at most {}{still}{beyond}",
        most.blocks, most.bytes
    ));
}
