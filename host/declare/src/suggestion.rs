//! "Did you mean": the nearest of the words that would have been right.

/// `; did you mean ...?` where a known word is near, else the list of what is known.
pub(crate) fn suggest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let nearest = known.iter().map(|word| (distance(given, word), *word)).min();
    match nearest {
        Some((steps, word)) if steps <= 2 && steps < word.chars().count() => format!("; did you mean `{word}`?"),
        Some(_) => format!("; known here: {}", quoted(&known)),
        None => String::new(),
    }
}

/// The words in back quotes, with commas.
fn quoted(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// How many letters must be added, removed or changed; case does not count.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.to_lowercase().chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_word_is_suggested_and_else_all_are_listed() {
        assert_eq!(suggest("leavin", ["leaving", "class"]), "; did you mean `leaving`?");
        assert_eq!(suggest("Classs", ["leaving", "class"]), "; did you mean `class`?");
        assert_eq!(suggest("colour", ["leaving", "class"]), "; known here: `leaving`, `class`");
        assert_eq!(suggest("x", []), "");
    }
}
