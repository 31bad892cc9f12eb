//! Times as SOQL writes them.

/// A time that the platform answered (`2026-01-01T00:00:00.000+0000`), as SOQL takes it; none where it is something else.
pub fn from_answer(text: &str) -> Option<String> {
    let time = text.strip_suffix("+0000").or_else(|| text.strip_suffix('Z'))?;
    let plain = time.bytes().all(|byte| byte.is_ascii_digit() || b"-:.T".contains(&byte));
    (plain && time.len() >= 19).then(|| format!("{time}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answered_time_is_taken_and_nothing_else() {
        assert_eq!(from_answer("2026-01-01T00:00:00.000+0000").as_deref(), Some("2026-01-01T00:00:00.000Z"));
        assert_eq!(from_answer("2026-01-01T00:00:00 OR Id != nullZ"), None);
    }
}
