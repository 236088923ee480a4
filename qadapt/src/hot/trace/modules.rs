//! The files that are loaded, by which a reader knows what lies where.

use qadapt_trace::NewModule;

use super::current::Trace;
use super::path::Path;
use crate::sys;

/// Adds the files that are loaded now to the trace's modules.
pub(super) fn note_modules(trace: &Trace) {
    sys::for_each_module(|module| {
        trace.module(&NewModule {
            start: module.start as u64,
            end: module.end as u64,
            path: module.path,
            build_id: module.id,
            file_size: file_size(module.path),
        });
    });
}

/// The bytes of a file; 0 where it cannot be asked.
fn file_size(path: &[u8]) -> u64 {
    let mut copy = Path::new();
    copy.push(path).as_c_str().map_or(0, sys::size_of_file)
}
