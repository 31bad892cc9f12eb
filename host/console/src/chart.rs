//! Charts, drawn here as SVG. Each is an image with a text for those who do not see it; pages give the numbers as a table.

use maud::{Markup, html};

const WIDTH: u64 = 600;
const HEIGHT: u64 = 22;

/// A part of a bar: the class that colours it, what it is, how many.
pub(crate) type Part<'a> = (&'a str, &'a str, u64);

/// One bar of parts that fill it, as long as its sum is of `most`.
pub(crate) fn stacked(label: &str, parts: &[Part<'_>], most: u64) -> Markup {
    let told: Vec<String> = parts.iter().map(|(_, name, count)| format!("{count} {name}")).collect();
    let mut from = 0;
    let placed = parts.iter().filter(|part| part.2 > 0).map(|(class, name, count)| {
        let width = scaled(*count, most).max(2);
        let place = (from, width, *class, format!("{count} {name}"));
        from += width;
        place
    });
    html! {
        svg.bar viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img"
            aria-label=(format!("{label}: {}", told.join(", "))) {
            rect.track x="0" y="0" width=(WIDTH) height=(HEIGHT) rx="3" {}
            @for (x, width, class, name) in placed {
                rect class=(class) x=(x) y="0" width=(width) height=(HEIGHT) { title { (name) } }
            }
        }
    }
}

/// Bars over one another on one scale: the longest behind.
pub(crate) fn layered(label: &str, parts: &[Part<'_>], most: u64) -> Markup {
    html! {
        svg.bar viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
            rect.track x="0" y="0" width=(WIDTH) height=(HEIGHT) rx="3" {}
            @for (class, name, length) in parts.iter().rev() {
                rect class=(class) x="0" y="0" width=(scaled(*length, most).max(2)) height=(HEIGHT) rx="3" { title { (name) } }
            }
        }
    }
}

fn scaled(count: u64, most: u64) -> u64 {
    let length = u128::from(count) * u128::from(WIDTH) / u128::from(most.max(1));
    u64::try_from(length).unwrap_or(WIDTH).min(WIDTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_shares_and_never_leave_the_bar() {
        assert_eq!([scaled(0, 0), scaled(5, 10), scaled(10, 10), scaled(u64::MAX, 1)], [0, 300, 600, 600]);
    }
}
