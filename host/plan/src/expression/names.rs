//! Functions on names: from any writing to what an application takes.

use unicode_segmentation::UnicodeSegmentation;

/// Combining diaeresis: `o` with it is the same letter as `ö`.
const DIAERESIS: char = '\u{308}';

/// ASCII for any text. German letters as Germans write them (`ö` is `oe`, `ß` is `ss`), composed or not; every other writing
/// letter by letter, accents dropped (`é` is `e`, `ı` is `i`, `北京` is `BeiJing`). What has no letters in ASCII, such as an
/// emoji, is left out. A capital umlaut beside a capital gives two capitals: `Öl` is `Oel`, `ÖL` is `OEL`.
pub(super) fn transliterate(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let mut before = None;
    while let Some(letter) = rest.next() {
        let letter = if rest.peek() == Some(&DIAERESIS) {
            rest.next_if_eq(&DIAERESIS).map_or(letter, |_| with_diaeresis(letter))
        } else {
            letter
        };
        match german(letter) {
            Some(pair) if is_shouted(letter, before, rest.peek().copied()) => {
                ascii.push_str(&pair.to_ascii_uppercase());
            }
            Some(pair) => ascii.push_str(pair),
            None if is_picture(letter) => {}
            None => ascii.push_str(any_ascii::any_ascii_char(letter)),
        }
        before = Some(letter);
    }
    ascii
}

fn with_diaeresis(letter: char) -> char {
    match letter {
        'a' => 'ä',
        'o' => 'ö',
        'u' => 'ü',
        'A' => 'Ä',
        'O' => 'Ö',
        'U' => 'Ü',
        other => other,
    }
}

fn german(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' => "ae",
        'ö' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'Ä' => "Ae",
        'Ö' => "Oe",
        'Ü' => "Ue",
        'ẞ' => "SS",
        _ => return None,
    })
}

/// Whether a capital stands among capitals: the letter after it decides, and where none follows the one before it.
fn is_shouted(letter: char, before: Option<char>, after: Option<char>) -> bool {
    let neighbour = after.filter(|after| after.is_alphabetic()).or(before.filter(|before| before.is_alphabetic()));
    letter.is_uppercase() && neighbour.is_some_and(char::is_uppercase)
}

/// Whether the ASCII for it would be a description (`:crab:`) and not letters.
fn is_picture(letter: char) -> bool {
    let ascii = any_ascii::any_ascii_char(letter);
    !letter.is_ascii() && !letter.is_alphanumeric() && ascii.len() > 1 && ascii.starts_with(':')
}

/// What stands in names and addresses: transliterated, in lower case, without apostrophes; whatever else is no letter or
/// digit becomes one `-`, or one `.` where a dot is among it; none at the ends. `Anna Maria O'Neill-Örtel` gives
/// `anna-maria-oneill-oertel`.
pub(super) fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    let mut gap = None;
    for letter in transliterate(text).chars().filter(|letter| !matches!(letter, '\'' | '`')) {
        if !letter.is_ascii_alphanumeric() {
            gap = if letter == '.' { Some('.') } else { gap.or(Some('-')) };
            continue;
        }
        if let Some(gap) = gap.take().filter(|_| !slug.is_empty()) {
            slug.push(gap);
        }
        slug.push(letter.to_ascii_lowercase());
    }
    slug
}

/// Every word with a capital, the rest small. A word begins after whatever is no letter, digit or accent, after an
/// apostrophe only where more than one letter follows: `o'NEILL-öRTEL` gives `O'Neill-Örtel`, `anna's` gives `Anna's`.
pub(super) fn title(text: &str) -> String {
    let mut title = String::with_capacity(text.len());
    let mut begins = true;
    for (place, letter) in text.char_indices() {
        if !(letter.is_alphanumeric() || is_mark(letter)) {
            begins = !is_apostrophe(letter) || more_than_one_letter(&text[place + letter.len_utf8()..]);
            title.push(letter);
            continue;
        }
        if begins {
            push_capital(&mut title, letter);
        } else {
            title.extend(letter.to_lowercase());
        }
        begins = false;
    }
    title
}

/// A capital may be several letters (`ß`, `ﬁ`): only the first of them is one.
fn push_capital(title: &mut String, letter: char) {
    let mut capitals = letter.to_uppercase();
    title.extend(capitals.next());
    title.extend(capitals.flat_map(char::to_lowercase));
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’' | 'ʼ')
}

/// Combining marks belong to the letter before them.
fn is_mark(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

fn more_than_one_letter(text: &str) -> bool {
    text.chars().filter(|letter| !is_mark(*letter)).take_while(|letter| letter.is_alphanumeric()).nth(1).is_some()
}

/// The first characters as people count them: a letter with its accents is one, a flag is one.
pub(super) fn left(text: &str, count: usize) -> String {
    text.graphemes(true).take(count).collect()
}

/// The first character of every word, as it is written; words are parted by whitespace, `-` and `.`.
pub(super) fn initials(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || matches!(letter, '-' | '.' | '‐' | '‑' | '–'));
    words.filter_map(|word| word.graphemes(true).next()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn each(function: impl Fn(&str) -> String, cases: &[(&str, &str)]) {
        for (text, expected) in cases {
            assert_eq!(function(text), *expected, "{text}");
        }
    }

    #[test]
    fn any_writing_becomes_ascii() {
        let cases = [
            ("", ""),
            ("Anna Berg", "Anna Berg"),
            ("Björn Süßmilch", "Bjoern Suessmilch"),
            ("Bjo\u{308}rn", "Bjoern"),
            ("Ärger, ÄRGER, Ä, ÖÄÜ, STRAẞE", "Aerger, AERGER, Ae, OEAEUE, STRASSE"),
            ("FUẞ fuß", "FUSS fuss"),
            ("İstanbul Işık ığdır", "Istanbul Isik igdir"),
            ("José Ñuñez Łódź Þór Æsir Øre", "Jose Nunez Lodz Thor Aesir Ore"),
            ("e\u{301}a\u{30a}", "ea"),
            ("Иван Ёлкин", "Ivan Elkin"),
            ("王小明", "WangXiaoMing"),
            ("Γιώργος", "Giorgos"),
            ("🦀Anna👩‍💻", "Anna"),
            ("O’Neill – „x“", "O'Neill - \"x\""),
            ("\u{308}", ""),
        ];
        each(transliterate, &cases);
    }

    #[test]
    fn a_slug_has_letters_digits_and_single_separators() {
        let cases = [
            ("", ""),
            ("  ", ""),
            ("🦀", ""),
            ("Anna Maria O'Neill-Örtel", "anna-maria-oneill-oertel"),
            ("D’Angelo", "dangelo"),
            ("..a..b. .c - d--e.", "a.b.c-d-e"),
            ("a_b/c@d", "a-b-c-d"),
            ("İ ß 北京", "i-ss-beijing"),
            ("Team 42", "team-42"),
        ];
        each(slug, &cases);
        let long = slug(&"Ü ".repeat(100_000));
        assert_eq!(long.len(), "ue-".len() * 100_000 - 1);
        let strange: String = ('\u{0}'..='\u{3000}').collect();
        assert!(slug(&strange).chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-')));
    }

    #[test]
    fn titles_begin_words_with_capitals() {
        let cases = [
            ("", ""),
            ("anna MARIA berg", "Anna Maria Berg"),
            ("o'NEILL-öRTEL", "O'Neill-Örtel"),
            ("anna's d’angelo", "Anna's D’Angelo"),
            ("e\u{301}va o\u{308}RTEL", "E\u{301}va O\u{308}rtel"),
            ("ßa ﬁx", "Ssa Fix"),
            ("3rd FLOOR", "3rd Floor"),
            ("王 🦀x", "王 🦀X"),
        ];
        each(title, &cases);
    }

    #[test]
    fn the_left_part_never_parts_a_character() {
        let cut = |count| move |text: &str| left(text, count);
        each(cut(0), &[("anna", "")]);
        each(
            cut(2),
            &[("", ""), ("a", "a"), ("anna", "an"), ("e\u{301}e\u{301}x", "e\u{301}e\u{301}"), ("🇩🇪👩‍💻x", "🇩🇪👩‍💻")],
        );
        assert_eq!(left("anna", usize::MAX), "anna");
    }

    #[test]
    fn initials_are_the_first_characters_of_words() {
        each(
            initials,
            &[
                ("", ""),
                (" - ", ""),
                ("Anna-Maria  von Berg", "AMvB"),
                ("J.R.R. Tolkien", "JRRT"),
                ("É\u{301}va 王", "É\u{301}王"),
            ],
        );
    }
}
