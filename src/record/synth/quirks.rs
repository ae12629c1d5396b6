//! The oddities of real metadata, at about the rates at which they were counted in public
//! Zenodo, DataCite, figshare and Crossref records.

use super::rng::Rng;

/// Odd pieces of text and how many of 100,000 descriptions hold each.
const IN_TEXT: &[(u32, &str)] = &[
    (1_200, "\u{a0}"),
    (700, "e\u{301}"),
    (500, " $\\alpha_{i} \\leq \\frac{1}{2}$ "),
    (300, " (p<0.0001) "),
    (250, " \u{3b1}-\u{3b2} (\u{b5}m) "),
    (200, "\u{1d440}\u{1f9ec}"),
    (125, " Za\u{c3}\u{af}m\u{e2}\u{20ac}\u{2122}s "),
    (150, " &amp;lt;br&amp;gt; "),
    (100, "\u{200b}"),
    (100, "\u{ad}"),
    (100, "\u{9d}"),
    (70, "\u{f061}"),
    (70, "\r\n"),
    (50, "\u{fffd}"),
    (50, "\u{2028}"),
    (50, "\u{202b}\u{641}\u{647}\u{631}\u{633}\u{202c}"),
    (30, "\u{feff}"),
    (20, "]]>"),
    (20, "\u{1f}"),
    (20, "<span style=\"color:red\">!</span>"),
    (10, "<script>alert('x')</script>"),
    (10, "\u{fffe}"),
    (3_000, " contact: author@institute.example "),
];

/// Puts oddities into a description, between characters near its middle.
pub(super) fn in_description(rng: &mut Rng, text: &mut String) {
    for &(share, piece) in IN_TEXT {
        if rng.chance(share) && !text.is_empty() {
            insert_between_words(rng, piece, text);
        }
    }
}

/// Odd titles: shouting, line breaks, markup, direction controls, stray space.
pub(super) fn in_title(rng: &mut Rng, title: &mut String) {
    match rng.below(100_000) {
        0..900 => *title = title.to_uppercase(),
        900..1_100 => insert_between_words(rng, "\n              ", title),
        1_100..1_500 => insert_between_words(rng, " <i>in situ</i> ", title),
        1_500..1_550 => *title = format!("\u{202b}{title}\u{202c}"),
        1_550..1_700 => title.push(' '),
        1_700..1_900 => insert_between_words(rng, " CO<sub>2</sub> & H<sub>2</sub>O ", title),
        1_900..1_950 => insert_between_words(rng, " C\u{f8ff}H ", title),
        _ => {}
    }
}

fn insert_between_words(rng: &mut Rng, piece: &str, text: &mut String) {
    let from = rng.below(text.len() as u64) as usize;
    // Only after a word, never inside a tag: both ends of the gap are then text.
    let gap = text[text.ceil_char_boundary(from)..]
        .match_indices(' ')
        .map(|(at, _)| text.ceil_char_boundary(from) + at)
        .find(|&at| !inside_tag(&text[..at]));
    if let Some(at) = gap {
        text.insert_str(at, piece);
    }
}

fn inside_tag(before: &str) -> bool {
    match (before.rfind('<'), before.rfind('>')) {
        (Some(open), Some(close)) => open > close,
        (Some(_), None) => true,
        _ => false,
    }
}

/// A name that is one token, several people, untidy or shouted; `None` for the ordinary.
pub(super) fn odd_name(rng: &mut Rng, family: &str, given: &str) -> Option<String> {
    match rng.below(100_000) {
        0..2_500 => Some(family.to_owned()),
        2_500..3_000 => Some(format!("{family}, {given}; Silva, A.; Chen, B.")),
        3_000..3_300 => Some(format!("{given} {family} and Maria Silva")),
        3_300..3_700 => Some(format!("{family},  {given}")),
        3_700..4_200 => Some(format!("{family}  {given}").to_uppercase()),
        4_200..4_300 => Some(format!("{given} {family}1, Ligia Silva2")),
        _ => None,
    }
}

/// A publication date: mostly the day, sometimes less, rarely nonsense that old migrations
/// let through.
pub(super) fn publication_date(rng: &mut Rng, day: &str) -> String {
    match rng.below(100_000) {
        0..2_500 => day[..4].to_owned(),
        2_500..3_700 => day[..7].to_owned(),
        3_700..4_100 => {
            let earlier = day[..4].parse::<u32>().unwrap_or(2000) - 2;
            format!("{earlier}-06-01/{day}")
        }
        4_100..4_120 => format!("1999-{}", &day[..4]),
        4_120..4_130 => "Err".to_owned(),
        _ => day.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_oddity_turns_up_and_tags_stay_whole() {
        let mut all = String::new();
        for ordinal in 0..40_000 {
            let mut text = "<p>one two <a href=\"https://x.example\">three</a> four</p>".to_owned();
            in_description(&mut Rng::new(1, ordinal, 0), &mut text);
            assert!(text.contains("<a href=\"https://x.example\">"), "{text}");
            all.push_str(&text);
        }
        for (_, piece) in IN_TEXT {
            assert!(all.contains(piece), "{piece:?} never came");
        }
    }
}
