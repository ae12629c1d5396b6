//! Text to tokens, the same in the index, in queries and in the browser's client: the rules are
//! in docs/search-format.md, "Analyser", the vectors in `tests/search/analyser.ndjson`.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Version of these rules; an index made by others cannot be searched.
pub const ANALYSER: u32 = 1;

/// Characters of a token that count.
const TOKEN_CHARS: usize = 40;

/// Marks and invisible characters that are dropped; sorted.
const DROPPED: [(u32, u32); 21] = [
    (0xAD, 0xAD),
    (0x300, 0x36F),
    (0x591, 0x5BD),
    (0x5BF, 0x5BF),
    (0x5C1, 0x5C2),
    (0x5C4, 0x5C5),
    (0x5C7, 0x5C7),
    (0x610, 0x61A),
    (0x64B, 0x65F),
    (0x670, 0x670),
    (0x6D6, 0x6DC),
    (0x6DF, 0x6E4),
    (0x6E7, 0x6E8),
    (0x6EA, 0x6ED),
    (0x1AB0, 0x1AFF),
    (0x1DC0, 0x1DFF),
    (0x200B, 0x200D),
    (0x2060, 0x2060),
    (0x20D0, 0x20FF),
    (0xFE20, 0xFE2F),
    (0xFEFF, 0xFEFF),
];

/// Scripts written without spaces, of which pairs of neighbours are tokens; sorted.
const PAIRED: [(u32, u32); 10] = [
    (0x3005, 0x3007),
    (0x3040, 0x30FF),
    (0x3100, 0x312F),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xAC00, 0xD7AF),
    (0xF900, 0xFAFF),
    (0x20000, 0x3134F),
];

fn within(table: &[(u32, u32)], c: char) -> bool {
    let c = u32::from(c);
    let at = table.partition_point(|(_, last)| *last < c);
    table.get(at).is_some_and(|(first, _)| *first <= c)
}

/// Analyses text. Holds the stemmer's tables, scratch memory and stems found before, at most
/// 2 MB: make one a thread.
pub struct Analyser {
    stemmer: Stemmer,
    stems: Stems,
    folded: Folded,
}

impl Default for Analyser {
    fn default() -> Self {
        Analyser::new()
    }
}

impl Analyser {
    /// An analyser.
    pub fn new() -> Analyser {
        let stemmer = Stemmer::create(Algorithm::English);
        Analyser { stemmer, stems: Stems::default(), folded: Folded::default() }
    }

    /// Hands the tokens of `text` to `each`, in order, unstemmed. Linear.
    pub fn tokens(&mut self, text: &str, mut each: impl FnMut(&str)) {
        split(self.folded.of(text), &mut each);
    }

    /// Hands the tokens of `text` and their stems to `each`, in order. Linear; cheap where words
    /// come again.
    pub fn tokens_and_stems(&mut self, text: &str, mut each: impl FnMut(&str, &str)) {
        let Analyser { stemmer, stems, folded } = self;
        split(folded.of(text), &mut |token| each(token, stems.of(token, stemmer)));
    }

    /// The tokens of `text`, unstemmed.
    pub fn collect(&mut self, text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        self.tokens(text, |token| tokens.push(token.to_owned()));
        tokens
    }

    /// The stem of a token, remembered.
    pub fn remembered<'a>(&'a mut self, token: &'a str) -> &'a str {
        self.stems.of(token, &self.stemmer)
    }

    /// The stem of a token.
    pub fn stem<'t>(&self, token: &'t str) -> Cow<'t, str> {
        if has_stem(token) { self.stemmer.stem(token) } else { Cow::Borrowed(token) }
    }
}

/// Whether the stem may be another word.
fn has_stem(token: &str) -> bool {
    token.len() >= 3 && token.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// Stems found before, each at the place its word hashes to until another word takes that.
#[derive(Default)]
struct Stems {
    known: Vec<Known>,
    /// Words, each with its stem behind it.
    text: String,
}

/// Where a word and its stem are.
#[derive(Clone, Copy, Default)]
struct Known {
    at: u32,
    word: u16,
    stem: u16,
}

impl Stems {
    /// Places, a power of two.
    const PLACES: usize = 1 << 15;
    /// Bytes of words and stems after which all are forgotten.
    const MOST: usize = 1 << 20;

    fn of<'a>(&'a mut self, word: &'a str, stemmer: &Stemmer) -> &'a str {
        if !has_stem(word) {
            return word;
        }
        if self.known.is_empty() || self.text.len() > Stems::MOST {
            self.known.clear();
            self.known.resize(Stems::PLACES, Known::default());
            self.text.clear();
        }
        let place = hash(word.as_bytes()) % Stems::PLACES;
        let found = self.known[place];
        let start = found.at as usize;
        let end = start + usize::from(found.word);
        if self.text.as_bytes()[start..end] != *word.as_bytes() {
            let stem = stemmer.stem(word);
            let at = self.text.len() as u32;
            // A token has at most 40 characters, a stem hardly more.
            self.known[place] = Known { at, word: word.len() as u16, stem: stem.len() as u16 };
            self.text.push_str(word);
            self.text.push_str(&stem);
            return &self.text[self.text.len() - stem.len()..];
        }
        &self.text[end..end + usize::from(found.stem)]
    }
}

/// Any hash: only the speed depends on it.
fn hash(word: &[u8]) -> usize {
    const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |h: u64, part: u64| (h ^ part).wrapping_mul(MIX).rotate_left(29);
    let (parts, rest) = word.as_chunks::<8>();
    let h = parts.iter().fold(word.len() as u64, |h, part| mix(h, u64::from_le_bytes(*part)));
    let rest = rest.iter().fold(0, |rest, byte| rest << 8 | u64::from(*byte));
    mix(h, rest) as usize
}

/// Scratch memory of folding.
#[derive(Default)]
struct Folded {
    text: String,
    word: String,
}

impl Folded {
    /// Steps 1 to 5. What is between two spaces is folded on its own, as nothing combines with a
    /// space, and only where it is not plain.
    fn of(&mut self, text: &str) -> &str {
        self.text.clear();
        let mut rest = text;
        while let Some(at) = rest.bytes().position(|byte| !byte.is_ascii()) {
            let start = rest[..at].rfind(' ').map_or(0, |space| space + 1);
            let end = rest[at..].find(' ').map_or(rest.len(), |length| at + length);
            self.plain(&rest[..start]);
            fold(&rest[start..end], &mut self.word, &mut self.text);
            rest = &rest[end..];
        }
        self.plain(rest);
        &self.text
    }

    fn plain(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.text[start..].make_ascii_lowercase();
    }
}

/// Steps 1 to 5: normal form, marks, case, letters that stand for others.
fn fold(text: &str, unmarked: &mut String, out: &mut String) {
    unmarked.clear();
    for c in text.nfkd().filter(|c| !within(&DROPPED, *c)) {
        for c in c.to_lowercase() {
            match c {
                'ß' => unmarked.push_str("ss"),
                'æ' => unmarked.push_str("ae"),
                'œ' => unmarked.push_str("oe"),
                'ø' => unmarked.push('o'),
                'ł' => unmarked.push('l'),
                'đ' | 'ð' => unmarked.push('d'),
                'þ' => unmarked.push_str("th"),
                'ı' => unmarked.push('i'),
                'ħ' => unmarked.push('h'),
                'ŧ' => unmarked.push('t'),
                'ς' => unmarked.push('σ'),
                other => unmarked.push(other),
            }
        }
    }
    match unmarked.is_ascii() {
        true => out.push_str(unmarked),
        false => out.extend(unmarked.nfc()),
    }
}

/// Steps 6 and 7: runs, and pairs in them.
fn split(folded: &str, each: &mut impl FnMut(&str)) {
    if folded.is_ascii() {
        for run in folded.split(|c: char| !c.is_ascii_alphanumeric()).filter(|run| !run.is_empty())
        {
            each(&run[..run.len().min(TOKEN_CHARS)]);
        }
        return;
    }
    let mut start = None;
    let mut counts = false;
    for (at, c) in folded.char_indices() {
        let letter = c.is_alphanumeric();
        if letter || !c.is_ascii() && is_combining_mark(c) {
            start.get_or_insert(at);
            counts |= letter;
        } else if let Some(from) = start.take() {
            if counts {
                run(&folded[from..at], each);
            }
            counts = false;
        }
    }
    if let (Some(from), true) = (start, counts) {
        run(&folded[from..], each);
    }
}

fn run(run: &str, each: &mut impl FnMut(&str)) {
    if run.is_ascii() {
        each(&run[..run.len().min(TOKEN_CHARS)]);
        return;
    }
    let mut rest = run;
    while let Some(first) = rest.chars().next() {
        let paired = within(&PAIRED, first);
        let end = rest
            .char_indices()
            .find(|(_, c)| within(&PAIRED, *c) != paired)
            .map_or(rest.len(), |(at, _)| at);
        let (part, next) = rest.split_at(end);
        if paired {
            pairs(part, each)
        } else {
            each(cut(part))
        }
        rest = next;
    }
}

fn pairs(part: &str, each: &mut impl FnMut(&str)) {
    let starts: Vec<usize> = part.char_indices().map(|(at, _)| at).chain([part.len()]).collect();
    if starts.len() == 2 {
        each(part);
    }
    for ends in starts.windows(3) {
        each(&part[ends[0]..ends[2]]);
    }
}

fn cut(token: &str) -> &str {
    token.char_indices().nth(TOKEN_CHARS).map_or(token, |(at, _)| &token[..at])
}

/// The DOI that `text` is, bare and in lower case.
pub fn doi(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let mut bare = lower.as_str();
    for prefix in ["https://", "http://", "dx.", "doi.org/", "doi:"] {
        bare = bare.strip_prefix(prefix).unwrap_or(bare);
    }
    let bare = bare.trim_start();
    let (registrant, suffix) = bare.strip_prefix("10.")?.split_once('/')?;
    let plain =
        registrant.len() >= 4 && registrant.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let whole = !suffix.is_empty() && !bare.contains(char::is_whitespace);
    (plain && whole).then(|| bare.to_owned())
}

/// The ORCID that `text` is, bare, `X` in upper case. Its check digit is not looked at.
pub fn orcid(text: &str) -> Option<String> {
    let mut bare = text.trim();
    for prefix in ["https://", "http://", "orcid.org/", "orcid:"] {
        bare = bare.strip_prefix(prefix).unwrap_or(bare);
    }
    let upper = bare.to_ascii_uppercase();
    let fits = upper.len() == 19
        && upper.bytes().enumerate().all(|(at, byte)| match at {
            4 | 9 | 14 => byte == b'-',
            18 => byte.is_ascii_digit() || byte == b'X',
            _ => byte.is_ascii_digit(),
        });
    fits.then_some(upper)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, tokens: &[&str]) {
        assert_eq!(Analyser::new().collect(text), tokens, "{text:?}");
    }

    #[test]
    fn text_becomes_tokens() {
        check("", &[]);
        check("  Hello, World! COVID-19 ", &["hello", "world", "covid", "19"]);
        check(
            "Müller naïve Ångström Łódź straße",
            &["muller", "naive", "angstrom", "lodz", "strasse"],
        );
        check("e\u{301}te\u{301} ﬁne ²³ ½", &["ete", "fine", "23", "1", "2"]);
        check("Климат Ёлка ΟΔΟΣ", &["климат", "елка", "οδοσ"]);
        check(
            "気候変動の研究 abc気x",
            &["気候", "候変", "変動", "動の", "の研", "研究", "abc", "気", "x"],
        );
        check("기후변화 연구", &["기후", "후변", "변화", "연구"]);
        check("हिन्दी भाषा", &["हिन्दी", "भाषा"]);
        check("שָׁלוֹם السَّلَام", &["שלום", "السلام"]);
        check("ガギ ｶﾞ", &["ガギ", "ガ"]);
        check(&"x".repeat(50), &["x".repeat(40).as_str()]);
        check("İstanbul IŞIK", &["istanbul", "isik"]);
    }

    #[test]
    fn stems_are_for_plain_words() {
        let analyser = Analyser::new();
        let cases = [("studies", "studi"), ("running", "run"), ("is", "is"), ("ete2s", "ete2s")];
        for (token, stem) in cases {
            assert_eq!(analyser.stem(token), stem);
        }
    }

    #[test]
    fn stems_are_remembered_as_they_are() {
        let mut analyser = Analyser::new();
        // More words than there are places, and than are kept.
        let words: Vec<String> = (0..60_000u32)
            .map(|n| n.to_string().bytes().map(|b| (b - b'0' + b'a') as char).collect::<String>())
            .zip(["ing", "ies", "ational", "x"].into_iter().cycle())
            .map(|(stem, end)| stem + end)
            .collect();
        let text = [words.join(" "), "go studies a1s naïves".into()].join(" ");
        for _ in 0..2 {
            let mut found = Vec::new();
            analyser.tokens_and_stems(&text, |token, stem| {
                found.push((token.to_owned(), stem.to_owned()));
            });
            assert_eq!(found.len(), words.len() + 4);
            for (token, stem) in found {
                assert_eq!(analyser.stem(&token), stem);
            }
        }
    }

    proptest! {
        #[test]
        fn words_fold_as_their_text_does(
            text in r"([ a-zA-Z,é\u{300}\u{301}\u{308}\u{338}ÅİßΣﬁ´\u{3099}\u{9be}\u{9c7}ᄀ\u{1161}가気\u{a0}\u{345}]|\PC){0,40}",
        ) {
            let (mut scratch, mut whole) = (String::new(), String::new());
            fold(&text, &mut scratch, &mut whole);
            let mut folded = Folded::default();
            prop_assert_eq!(folded.of(&text), whole);
        }
    }

    #[test]
    fn identifiers_are_told() {
        assert_eq!(doi("https://doi.org/10.5281/Zenodo.1").as_deref(), Some("10.5281/zenodo.1"));
        assert_eq!(doi("doi: 10.5281/zenodo.1").as_deref(), Some("10.5281/zenodo.1"));
        assert_eq!((doi("10.5281"), doi("10.5281/a b"), doi("x 10.5281/a")), (None, None, None));
        let id = "0000-0002-1825-009X";
        assert_eq!(orcid("https://orcid.org/0000-0002-1825-009x").as_deref(), Some(id));
        assert_eq!(orcid("0000-0002-1825-00"), None);
    }

    #[test]
    fn tables_are_sorted() {
        assert!(DROPPED.windows(2).all(|pair| pair[0].1 < pair[1].0));
        assert!(PAIRED.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
}
