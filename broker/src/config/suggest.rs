//! "Did you mean ...?": the known word that is nearest to one that is not known.
//!
//! Two letters swapped, one missing, one too many and one wrong count as one mistake each. One
//! mistake is allowed in every three letters, so that a suggestion is never a wild guess.

/// The known word nearest to `typed`, if one is near.
pub(super) fn nearest<'w>(
    typed: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    let typed = typed.to_lowercase();
    // Beyond the longest word that is known, there is nothing to be near to.
    if typed.len() > WORD_BYTES_MAX {
        return None;
    }
    let mistakes_max = (typed.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (strsim::osa_distance(&typed, &word.to_lowercase()), word))
        .filter(|(mistakes, _)| *mistakes <= mistakes_max)
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, word)| word)
}

/// Words longer than this are not compared: a file may hold one of a megabyte.
const WORD_BYTES_MAX: usize = 100;

/// The suggestion as the end of a sentence, or nothing.
pub(super) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |word| format!("; did you mean {word}?"))
}
