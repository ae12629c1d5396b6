//! What of a public record is searched: public fields only, each bounded.

use std::cmp::Reverse;
use std::ops::Range;

use crate::crosswalk::names::Name;
use crate::record::date::Edtf;
use crate::record::html::plain;
use crate::record::model::{Contributor, Funding};
use crate::record::{Published, Text};
use crate::release::search::analyse::{self, Analyser};
use crate::release::search::key::PAIR;

use super::vocabulary::{Naming, PairHash, StemHash, TripleHash, Vocabulary};

/// Longest text of one part that is indexed, characters.
const PART: usize = 20_000;
/// Longest title on a card, characters.
const TITLE: usize = 250;
/// Longest other field of a card, characters.
const FIELD: usize = 60;
/// Characters of the description on a card.
const SNIPPET: usize = 120;
/// Longest word, bytes, that is left out rather than cut at the end of a field.
const LAST_WORD: usize = 24;
/// Most creators, subjects, … of one record that are indexed.
const MANY: usize = 500;
/// Names on a card.
const NAMED: usize = 3;
/// How often a word of the title counts; of a name, keyword.
const TITLE_WEIGHT: usize = 3;
const NAME_WEIGHT: usize = 2;
/// How often two pairs must name records for the three stems in a row that they are to be a key.
/// What is rarer the pairs tell well enough: at a million records, of those that have a phrase of
/// three words all are found with 24, .92 with 64.
const FREQUENT: u64 = 32;

/// Bytes that are kept ready for each field of a document.
const CAPACITIES: [usize; 6] = [3072, 256, 256, 256, 1024, 512];

/// Between the tokens of a field: in no token and in no key.
pub(super) const BETWEEN: char = '\n';

/// A field of the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    /// Everything, stemmed, weighted by repetition.
    All,
    /// Stems of the title.
    Title,
    /// Tokens of creators' names.
    Names,
    /// Stems of keywords and subjects.
    Keywords,
    /// Keys that are or are not there.
    Keys,
    /// Tokens for completion.
    Words,
}

impl Field {
    pub(crate) const ALL: [Field; 6] =
        [Field::All, Field::Title, Field::Names, Field::Keywords, Field::Keys, Field::Words];

    /// What its terms have before them in the dictionary.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Field::All | Field::Keys | Field::Words => "",
            Field::Title => "t:",
            Field::Names => "n:",
            Field::Keywords => "k:",
        }
    }

    /// Whether it is scored by how often a term is there.
    pub(crate) const fn is_text(self) -> bool {
        !matches!(self, Field::Keys | Field::Words)
    }
}

/// By what records are numbered; see docs/search-format.md, "Order".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub(super) kind: String,
    pub(super) access: String,
    pub(super) licence: String,
    /// Year of publication, 0 for none.
    pub(super) year: Reverse<u16>,
    /// (month − 1) · 31 + day − 1.
    pub(super) day: Reverse<u16>,
}

/// A public record as the index takes it.
#[derive(Debug)]
pub(crate) struct Document {
    pub(super) older: bool,
    pub(super) order: Order,
    /// By [`Field`]: terms, each ended by [`BETWEEN`].
    pub(super) fields: [String; 6],
    /// A line without its end.
    pub(super) card: String,
    /// Slug and title of its communities.
    pub(super) communities: Vec<(String, String)>,
}

impl Document {
    /// The document of a record, with its pairs that are in `vocabulary`; all without one.
    pub(crate) fn of(
        published: &Published<'_>,
        vocabulary: Option<&Vocabulary>,
        analyser: &mut Analyser,
    ) -> Document {
        let metadata = &published.record.metadata;
        let date = text(metadata.publication_date.as_ref());
        let (year, day) = year_and_day(&date);
        let licence = metadata.rights.iter().find_map(|right| right.id.as_deref());
        let communities = &published.record.parent.communities.entries;
        let communities = communities.iter().filter(|entry| !entry.slug.is_empty()).take(MANY);
        let fields = CAPACITIES.map(String::with_capacity);
        let mut writer = Writer { analyser, vocabulary, fields, tokens: String::new() };
        parts(published, &mut |part| writer.take(part));
        Document {
            older: !published.lineage.is_latest(),
            order: Order {
                kind: cut(&metadata.resource_type.id, FIELD).to_owned(),
                access: published.files.status().to_owned(),
                licence: cut(licence.unwrap_or_default(), FIELD).to_lowercase(),
                year: Reverse(year),
                day: Reverse(day),
            },
            fields: writer.fields,
            card: card(published, &date),
            communities: communities
                .map(|entry| {
                    let title = entry.metadata.title.as_deref().unwrap_or(&entry.slug);
                    (cut(&entry.slug, PART).to_lowercase(), cut(title, TITLE).to_owned())
                })
                .collect(),
        }
    }

    /// The terms of a field.
    pub(crate) fn terms(&self, field: Field) -> impl Iterator<Item = &str> {
        self.fields[field as usize].split_terminator(BETWEEN)
    }
}

/// Year (0: none) and place in it of the first day of a date.
fn year_and_day(date: &str) -> (u16, u16) {
    let Some((date, _)) = Edtf::repair(date) else { return (0, 0) };
    let Ok(year @ 1..) = u16::try_from(date.year()) else { return (0, 0) };
    let text = date.to_string();
    let mut parts = text.split('/').next().unwrap_or_default().split('-').skip(1);
    let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok()).unwrap_or(1);
    let (month, day) = (part(), part());
    (year, (month.clamp(1, 12) - 1) * 31 + day.clamp(1, 31) - 1)
}

fn text(text: Option<&Text<'_>>) -> String {
    plain(text.map(Text::as_str).unwrap_or_default()).into_owned()
}

fn cut(text: &str, longest: usize) -> &str {
    match text.as_bytes().get(..longest) {
        None => return text,
        Some(start) if start.is_ascii() => return &text[..longest],
        Some(_) => {}
    }
    text.char_indices().nth(longest).map_or(text, |(at, _)| &text[..at])
}

/// Appends a field of a card: white space and control characters are single spaces. Where it is
/// too long, its last word is left out with what follows, unless it is long itself.
fn put(card: &mut String, text: &str, longest: usize) {
    let start = card.len();
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let mut length = 0;
    for word in words.filter(|word| !word.is_empty()) {
        if card.len() > start {
            card.push(' ');
        }
        card.push_str(word);
        length += word.chars().count();
        if length > longest {
            break;
        }
    }
    if let Some((at, _)) = card[start..].char_indices().nth(longest) {
        let kept = &card[start..start + at];
        let is_whole = card[start + at..].starts_with(' ');
        let word = kept.rfind(' ').filter(|space| !is_whole && at - space <= LAST_WORD);
        card.truncate(start + word.unwrap_or(at));
        let trimmed = card.trim_end().len();
        card.truncate(trimmed.max(start));
        card.push('…');
    }
}

fn card(published: &Published<'_>, date: &str) -> String {
    let metadata = &published.record.metadata;
    let mut card = String::with_capacity(384);
    card.push_str(published.id());
    card.push('\t');
    put(&mut card, date, FIELD);
    card.push('\t');
    let names = metadata.creators.iter().filter_map(|who| Name::of(&who.person_or_org));
    for (at, name) in names.take(NAMED).enumerate() {
        if at > 0 {
            card.push_str("; ");
        }
        put(&mut card, &name.inverted().replace(';', ","), FIELD);
    }
    card.push('\t');
    let more = metadata.creators.len().saturating_sub(NAMED);
    if more > 0 {
        card.push_str(&more.to_string());
    }
    card.push('\t');
    put(&mut card, &text(metadata.title.as_ref()), TITLE);
    card.push('\t');
    put(&mut card, &plain(cut_source(metadata.description.as_ref())), SNIPPET);
    card.push('\t');
    put(&mut card, &text(metadata.version.as_ref()), FIELD);
    card
}

/// Enough of a description's HTML for the beginning of its text.
fn cut_source<'t>(text: Option<&'t Text<'_>>) -> &'t str {
    cut(text.map(Text::as_str).unwrap_or_default(), 8 * SNIPPET)
}

/// A part of what a record says.
pub(crate) enum Part<'a> {
    /// Text, how often it counts, and into which field it goes beside the text of all.
    Text(&'a str, usize, Option<Field>),
    /// Words each of which is a key of this kind.
    Words(&'static str, &'a str),
    /// A key of this kind.
    Key(&'static str, &'a str),
}

/// Hands over what is searched of a record, HTML as text, as in docs/search-format.md, "Text and
/// weights".
pub(crate) fn parts(published: &Published<'_>, each: &mut impl FnMut(Part<'_>)) {
    let record = published.record;
    let metadata = &record.metadata;
    let once = |words: &str, each: &mut dyn FnMut(Part<'_>)| each(Part::Text(words, 1, None));
    naming_parts(published, each);
    for creator in metadata.creators.iter().take(MANY) {
        for affiliation in creator.affiliations.iter().take(MANY) {
            once(&plain(affiliation.name.as_deref().unwrap_or_default()), each);
        }
        orcids(creator, each);
    }
    for title in metadata.additional_titles.iter().take(MANY) {
        once(&plain(&title.title), each);
    }
    let description = metadata.description.as_deref().unwrap_or_default();
    once(&plain(cut(description, 4 * PART)), each);
    for contributor in metadata.contributors.iter().take(MANY) {
        if let Some(name) = Name::of(&contributor.person_or_org) {
            once(&name.natural(), each);
        }
        orcids(contributor, each);
    }
    for entry in record.parent.communities.entries.iter().take(MANY) {
        once(entry.metadata.title.as_deref().unwrap_or(&entry.slug), each);
        if !entry.slug.is_empty() {
            each(Part::Key("c:", &entry.slug.to_lowercase()));
        }
    }
    metadata.funding.iter().take(MANY).for_each(|funding| of_funding(funding, each));
    once(&text(metadata.publisher.as_ref()), each);
    once(&text(metadata.version.as_ref()), each);
    let concept = published.concept_doi().filter(|_| published.lineage.is_latest());
    for doi in [published.doi(), concept].into_iter().flatten() {
        if let Some(doi) = analyse::doi(doi) {
            each(Part::Key("d:", &doi));
        }
    }
}

/// The parts that a record is named by: title, names of creators, keywords and subjects.
fn naming_parts(published: &Published<'_>, each: &mut impl FnMut(Part<'_>)) {
    let record = published.record;
    let metadata = &record.metadata;
    each(Part::Text(&text(metadata.title.as_ref()), TITLE_WEIGHT, Some(Field::Title)));
    for creator in metadata.creators.iter().take(MANY) {
        if let Some(name) = Name::of(&creator.person_or_org) {
            each(Part::Text(&name.natural(), NAME_WEIGHT, Some(Field::Names)));
        }
    }
    let legacy = record.custom_fields.legacy_subjects.iter();
    let legacy = legacy.filter_map(|subject| subject.term.as_deref());
    let subjects = metadata.subjects.iter().filter_map(|subject| subject.subject.as_deref());
    for subject in subjects.chain(legacy).take(MANY) {
        each(Part::Text(&plain(subject), NAME_WEIGHT, Some(Field::Keywords)));
    }
}

/// Appends two and three stems that follow each other in one of these parts.
pub(crate) fn naming(published: &Published<'_>, analyser: &mut Analyser, named: &mut Naming) {
    naming_parts(published, &mut |part| {
        let Part::Text(words, ..) = part else { return };
        let (mut before, mut pair_before) = (None, None);
        analyser.tokens_and_stems(cut(words, PART), |_, stem| {
            let hash = StemHash::of(stem);
            let Some(first) = before.replace(hash) else { return };
            let pair = PairHash::of(first, hash);
            named.pairs.push(pair);
            let triple = pair_before.replace(pair).map(|first| TripleHash::of(first, pair));
            named.triples.extend(triple);
        });
    });
}

fn orcids(who: &Contributor<'_>, each: &mut impl FnMut(Part<'_>)) {
    for id in who.person_or_org.identifiers.iter().take(MANY) {
        if let Some(orcid) = analyse::orcid(&id.identifier) {
            each(Part::Key("o:", &orcid));
        }
    }
}

fn of_funding(funding: &Funding<'_>, each: &mut impl FnMut(Part<'_>)) {
    let award = funding.award.as_ref();
    let name = funding.funder.name.as_deref().unwrap_or_default();
    let number = award.and_then(|award| award.number.as_deref()).unwrap_or_default();
    let acronym = award.and_then(|award| award.acronym.as_deref()).unwrap_or_default();
    for words in [name, number, acronym] {
        each(Part::Text(words, 1, None));
        each(Part::Words("f:", words));
    }
    let title = award.and_then(|award| award.title.preferred()).unwrap_or_default();
    each(Part::Text(title, 1, None));
}

/// Analyses parts of a record into fields.
struct Writer<'a> {
    analyser: &'a mut Analyser,
    vocabulary: Option<&'a Vocabulary>,
    fields: [String; 6],
    tokens: String,
}

impl Writer<'_> {
    fn take(&mut self, part: Part<'_>) {
        match part {
            Part::Text(words, weight, field) => self.text(cut(words, PART), weight, field),
            Part::Words(kind, words) => {
                let keys = &mut self.fields[Field::Keys as usize];
                self.analyser.tokens(cut(words, PART), |token| put_key(keys, kind, [token]));
            }
            Part::Key(kind, word) => {
                put_key(&mut self.fields[Field::Keys as usize], kind, word.split(BETWEEN));
            }
        }
    }

    /// `weight` times into the text, and into `field` with what goes with it.
    fn text(&mut self, words: &str, weight: usize, field: Option<Field>) {
        if words.is_empty() {
            return;
        }
        let Writer { analyser, fields: [all, ..], tokens, .. } = self;
        let start = all.len();
        tokens.clear();
        analyser.tokens_and_stems(words, |token, stem| {
            all.push_str(stem);
            all.push(BETWEEN);
            if field.is_some() {
                tokens.push_str(token);
                tokens.push(BETWEEN);
            }
        });
        let end = all.len();
        for _ in 1..weight {
            all.extend_from_within(start..end);
        }
        self.pairs(start..end);
        if let Some(field) = field {
            self.field(start..end, field);
        }
    }

    /// Two and three stems that follow each other at a place in the text, of the vocabulary; all
    /// pairs without one.
    fn pairs(&mut self, stems: Range<usize>) {
        let [all, .., keys, _] = &mut self.fields;
        let stems = all[stems].split_terminator(BETWEEN);
        let Some(known) = self.vocabulary else {
            let mut before = None;
            for stem in stems {
                if let Some(first) = before.replace(stem) {
                    put_key(keys, PAIR, [first, " ", stem]);
                }
            }
            return;
        };
        let mut before: Option<(&str, StemHash)> = None;
        let mut frequent_before: Option<(&str, PairHash)> = None;
        for stem in stems {
            let hash = StemHash::of(stem);
            let Some((second, second_hash)) = before.replace((stem, hash)) else { continue };
            let pair = PairHash::of(second_hash, hash);
            let count = known.count(pair);
            if count > 0 {
                put_key(keys, PAIR, [second, " ", stem]);
            }
            let frequent = (count >= FREQUENT).then_some((second, pair));
            if let (Some((first, before)), Some(_)) = (frequent_before, frequent)
                && known.has(TripleHash::of(before, pair))
            {
                put_key(keys, PAIR, [first, " ", second, " ", stem]);
            }
            frequent_before = frequent;
        }
    }

    /// Terms of a field and words for completion; the stems are at a place in the text.
    fn field(&mut self, stems: Range<usize>, field: Field) {
        let Writer { fields: [all, title, names, keywords, keys, words], tokens, .. } = self;
        let stems = &all[stems];
        match field {
            Field::Title => title.push_str(stems),
            Field::Names => names.push_str(tokens),
            Field::Keywords => {
                keywords.push_str(stems);
                let spaced = tokens.split_terminator(BETWEEN).flat_map(|token| [" ", token]);
                put_key(keys, "s:", spaced.skip(1));
            }
            Field::All | Field::Keys | Field::Words => {}
        }
        words.push_str(tokens);
    }
}

/// Appends a key, whose parts have no separator: it would be the end of it.
fn put_key<'k>(keys: &mut String, kind: &str, parts: impl IntoIterator<Item = &'k str>) {
    keys.push_str(kind);
    keys.extend(parts);
    keys.push(BETWEEN);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_cards_end_with_a_word() {
        let check = |text: &str, longest, expected: &str| {
            let mut card = "1\t".to_owned();
            put(&mut card, text, longest);
            assert_eq!(card, format!("1\t{expected}"), "{text}");
        };
        check("sea  level\trise", 14, "sea level rise");
        check("sea level rise", 13, "sea level…");
        check("sea level rise", 10, "sea level…");
        check("sea level rise", 9, "sea level…");
        check("sea level rise", 8, "sea…");
        check("sealevel rise", 3, "sea…");
        check("of acetylcholinesteraseinhibitors", 28, "of acetylcholinesteraseinhib…");
        check("気候変動の影響 と", 4, "気候変動…");
        check("naïveté", 3, "naï…");
        check("", 3, "");
    }
}
