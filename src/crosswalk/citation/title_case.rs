//! Headline capitals for English titles, as the CSL specification has them.

/// Words that stay small inside a title.
///
/// Of the specification's list those of one word
/// (<https://docs.citationstyles.org/en/stable/specification.html#title-case-conversion>), and
/// what stands after an apostrophe.
const SMALL: [&str; 46] = [
    "a",
    "above",
    "across",
    "against",
    "among",
    "an",
    "and",
    "around",
    "as",
    "at",
    "behind",
    "below",
    "beneath",
    "beside",
    "between",
    "but",
    "by",
    "down",
    "during",
    "for",
    "from",
    "in",
    "inside",
    "into",
    "near",
    "nor",
    "of",
    "on",
    "onto",
    "or",
    "over",
    "since",
    "so",
    "the",
    "till",
    "to",
    "toward",
    "under",
    "underneath",
    "until",
    "up",
    "via",
    "with",
    "within",
    "yet",
    "vs",
];

/// Capitalises the words of a title that are in small letters, but for articles, conjunctions
/// and prepositions after the beginning.
///
/// Words that hold a capital or a digit stay as they are: `iPhone`, `mRNA`, `p53`. So does a
/// title in capitals.
pub(super) fn title_case(title: &str) -> String {
    let mut out = String::with_capacity(title.len() + 8);
    let mut begins = true;
    for (at, part) in title.split(' ').enumerate() {
        if at > 0 {
            out.push(' ');
        }
        for (at, word) in part.split('-').enumerate() {
            if at > 0 {
                out.push('-');
            }
            push_word(word, begins && at == 0, &mut out);
        }
        if !part.is_empty() {
            begins = part.ends_with([':', '?', '!', '.', '—']);
        }
    }
    out
}

fn push_word(word: &str, begins: bool, out: &mut String) {
    let from = word.find(char::is_alphabetic).unwrap_or(word.len());
    let (before, word) = word.split_at(from);
    out.push_str(before);
    let letters = word.trim_end_matches(|c: char| !c.is_alphanumeric());
    let is_small = SMALL.iter().any(|small| small.eq_ignore_ascii_case(letters));
    let mut rest = word.chars();
    let Some(first) = rest.next() else { return };
    let kept = |c: char| c.is_uppercase() || c.is_numeric();
    if is_small && !begins && !rest.clone().any(kept) {
        // `The` inside a title; `A`, `IN`, `OR` may be names.
        match letters.len() {
            1 => out.push(first),
            _ => out.extend(first.to_lowercase()),
        }
    } else if word.chars().any(kept) {
        out.push(first);
    } else {
        out.extend(first.to_uppercase());
    }
    out.push_str(rest.as_str());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals() {
        for (title, expected) in [
            ("", ""),
            ("the origin of species", "The Origin of Species"),
            ("On The Origin Of Species: a re-reading", "On the Origin of Species: A Re-Reading"),
            ("iPhone and mRNA of p53 in pH 7", "iPhone and mRNA of p53 in pH 7"),
            ("why? because of e-mail", "Why? Because of E-Mail"),
            ("red, white, and blue (with a note)", "Red, White, and Blue (with a Note)"),
            ("“quoted” words by élodie", "“Quoted” Words by Élodie"),
            ("ALL IN CAPITALS OF A KIND", "ALL IN CAPITALS OF A KIND"),
            ("vitamin A in  two  spaces", "Vitamin A in  Two  Spaces"),
            ("3 ways", "3 Ways"),
            ("- - -", "- - -"),
        ] {
            assert_eq!(title_case(title), expected);
        }
    }
}
