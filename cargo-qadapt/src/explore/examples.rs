//! What the page has to begin with: snippets, each with a sentence.

/// A snippet. Its first line is a comment: a title, and a sentence behind the first full stop or colon.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The name in addresses.
    pub name: &'static str,
    /// The snippet.
    pub code: &'static str,
}

macro_rules! examples {
    ($($name:literal)*) => {
        &[$(Example { name: $name, code: include_str!(concat!("examples/", $name, ".rs")) }),*]
    };
}

/// All of them, the first to begin with.
pub const EXAMPLES: &[Example] = examples![
    "growing_vec"
    "question_new"
    "question_box"
    "question_push"
    "removed_box"
    "protected"
    "with_capacity"
    "collect_map"
    "collect_filter"
    "collect_in_place"
    "format_string"
    "print_line"
    "to_string"
    "hash_map"
    "btree_map"
    "sort_stable"
    "shared_arc"
    "boxed_closure"
    "errors"
    "channel_unbounded"
    "channel_bounded"
    "thread_spawn"
    "dyn_async_boxed"
    "dyn_async_enum"
    "dyn_async_pinned"
    "dyn_async_poll"
    "input_lines"
];

impl Example {
    /// The title, and the sentence that follows it.
    #[must_use]
    pub fn words(&self) -> (&'static str, &'static str) {
        let line = self.code.lines().next().unwrap_or_default().trim_start_matches("// ");
        let end = line.find(". ").or_else(|| line.find("? "));
        end.map_or((line, ""), |end| {
            let (title, rest) = line.split_at(end + 1);
            (title.trim_end_matches('.'), rest.trim_start())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_example_has_a_title_and_a_sentence() {
        let titles: BTreeSet<&str> = EXAMPLES
            .iter()
            .map(|example| {
                let (title, sentence) = example.words();
                assert!(
                    example.code.starts_with("// ") && sentence.ends_with('.'),
                    "{}: {sentence:?}",
                    example.name
                );
                title
            })
            .collect();
        assert!(titles.len() == EXAMPLES.len() && titles.len() >= 20, "{titles:?}");
    }
}
