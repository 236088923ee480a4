//! Names for the addresses of a joined profile, where the files are at hand that they were loaded from.

use std::path::{Path, PathBuf};

use qadapt_code::origin::Code;

use super::join::Joined;
use crate::audit::resolve::{Files, Identity, Resolver};
use crate::format::pprof::proto::{Function, Line};

/// Names what has no names yet; returns in words what stood in the way. A file is asked if it is the very one, by its build id.
pub(super) fn name(joined: &mut Joined, root: &Path) -> Vec<String> {
    let mut files = Files::default();
    // A file for each mapping, in their order; none for those that have names, or could be another file.
    let numbers: Vec<Option<u32>> = joined
        .profile
        .mapping
        .iter()
        .map(|mapping| {
            let text = |number: i64| Some(joined.strings.list.get(usize::try_from(number).ok()?)?.as_str());
            let build_id = hexadecimal(text(mapping.build_id)?)?;
            let path = PathBuf::from(text(mapping.filename)?);
            let is_open = !mapping.has_functions && !build_id.is_empty();
            is_open.then(|| files.number(Identity { path, build_id, size: 0 }))
        })
        .collect();
    let code = Code::below(root);
    let mut resolver = Resolver::new(&files, &code);
    for index in 0..joined.profile.location.len() {
        let location = &joined.profile.location[index];
        let Some(part) = usize::try_from(location.mapping_id).ok().and_then(|number| number.checked_sub(1))
        else {
            continue;
        };
        let (Some(mapping), Some(&Some(file))) = (joined.profile.mapping.get(part), numbers.get(part)) else {
            continue;
        };
        if !location.line.is_empty() {
            continue;
        }
        let offset = location.address.wrapping_sub(mapping.memory_start).wrapping_add(mapping.file_offset);
        let frames = resolver.at(file, offset);
        if frames.is_empty() {
            continue;
        }
        let mapping = &mut joined.profile.mapping[part];
        mapping.has_functions = true;
        mapping.has_filenames = true;
        mapping.has_line_numbers = true;
        mapping.has_inline_frames = true;
        let line = frames.iter().map(|frame| {
            let name = joined.strings.number(&frame.function);
            // pprof takes a name that is the system's too for C++'s, and shortens it.
            let system_name = joined.strings.number(&format!("rust:{}", frame.function));
            let filename = joined.strings.number(frame.file.as_deref().unwrap_or_default());
            let function = Function { name, system_name, filename, ..Function::default() };
            let function_id = joined.function(function);
            Line { function_id, line: frame.line.into(), column: frame.column.into() }
        });
        let line = line.collect();
        joined.profile.location[index].line = line;
    }
    resolver.finish().problems
}

/// The bytes of a build id; none where it is no such number.
fn hexadecimal(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    let value = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let byte = |pair: &[u8]| Some(value(*pair.first()?)? << 4 | value(*pair.get(1)?)?);
    digits.chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::hexadecimal;

    #[test]
    fn a_build_id_is_read() {
        assert_eq!(hexadecimal("2b1C"), Some(vec![0x2b, 0x1c]));
        assert_eq!(
            (hexadecimal(""), hexadecimal("2b1"), hexadecimal("go.buildid")),
            (Some(vec![]), None, None)
        );
    }
}
