//! What may have been meant by a name that is not there.

/// The names most like a pattern, the most like first; three at most.
///
/// # Examples
/// ```
/// let names = ["qsort", "qsort_r", "memcpy"].map(str::to_owned);
/// assert_eq!(qadapt_code::near::near("qsrot", names.into_iter()), ["qsort", "qsort_r"]);
/// ```
pub fn near(pattern: &str, names: impl Iterator<Item = String>) -> Vec<String> {
    const MOST: usize = 3;
    /// Of Jaro and Winkler: 1 is the same. Below this hardly a name looks alike.
    const LIKE: f64 = 0.7;
    let mut found: Vec<(f64, String)> = names
        .map(|name| (strsim::jaro_winkler(pattern, &name), name))
        .filter(|(likeness, _)| *likeness >= LIKE)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.dedup_by(|a, b| a.1 == b.1);
    found.truncate(MOST);
    found.into_iter().map(|(_, name)| name).collect()
}

/// The end of a message that offers these names; nothing if there are none.
///
/// # Examples
/// ```
/// let names = ["qsort".to_owned(), "qsort_r".to_owned()];
/// assert_eq!(qadapt_code::near::words(&names), "; is one of these meant: `qsort`, `qsort_r`?");
/// ```
#[must_use]
pub fn words(names: &[String]) -> String {
    if names.is_empty() {
        return String::new();
    }
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("; is one of these meant: {}?", quoted.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_what_looks_alike() {
        let names = ["qsort", "qsort_r", "memcpy", "write"].map(str::to_owned);
        let found = near("qsrot", names.into_iter());
        assert_eq!(found, ["qsort", "qsort_r"]);
        assert_eq!(words(&found), "; is one of these meant: `qsort`, `qsort_r`?");
        assert_eq!(words(&[]), "");
    }
}
