//! What was typed, taken apart: docs/search-format.md, "Queries".

use super::analyse::{Analyser, doi, orcid};
use super::key;

/// Most parts of a query.
pub const MAX_PARTS: usize = 32;

/// Whether a part has to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occur {
    /// One of these has to, if there is no must.
    Should,
    /// Has to.
    Must,
    /// Must not.
    Not,
}

/// What a part asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A key of the dictionary.
    Key(String),
    /// Any word that begins so.
    Prefix(String),
    /// Keys that must all match; they are scored.
    Together(Vec<String>),
    /// Stems one after another.
    Phrase(Vec<String>),
}

/// A filter on what numbers of records tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    /// Resource type.
    Type,
    /// Access status.
    Access,
    /// Licence.
    Licence,
    /// Year of publication.
    Year,
}

/// A filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// A value of a facet that is no year.
    Value(Facet, String),
    /// From year to year, both included.
    Years(i64, i64),
}

impl Filter {
    /// On what.
    pub fn facet(&self) -> Facet {
        match self {
            Filter::Value(facet, _) => *facet,
            Filter::Years(..) => Facet::Year,
        }
    }
}

/// A query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// In the order typed, each once.
    pub parts: Vec<(Occur, Part)>,
    /// Filters, and whether they leave out.
    pub filters: Vec<(bool, Filter)>,
    /// Whether older versions are searched too.
    pub all_versions: bool,
}

impl Query {
    /// Takes `text` apart. Whatever is typed means something.
    pub fn parse(text: &str, analyser: &mut Analyser) -> Query {
        let mut query = Query::default();
        if let Some(doi) = doi(text) {
            query.parts.push((Occur::Must, Part::Key(format!("d:{doi}"))));
            return query;
        }
        if let Some(orcid) = orcid(text) {
            query.parts.push((Occur::Must, Part::Key(format!("o:{orcid}"))));
            return query;
        }
        let typed = typed(text);
        let is = |at: Option<usize>, word: &str| {
            at.and_then(|at| typed.get(at)).is_some_and(|part| part.operator(word))
        };
        for (at, part) in typed.iter().enumerate() {
            if ["AND", "OR", "NOT"].iter().any(|word| part.operator(word)) {
                continue;
            }
            let before = at.checked_sub(1);
            let negated = part.sign == Some('-') || is(before, "NOT");
            let joined = is(before, "AND")
                || is(Some(at + 1), "AND")
                || is(before, "NOT") && is(at.checked_sub(2), "AND");
            let occur = match (negated, part.sign == Some('+') || joined) {
                (true, _) => Occur::Not,
                (false, true) => Occur::Must,
                (false, false) => Occur::Should,
            };
            query.take(part, occur, analyser);
        }
        query.parts.truncate(MAX_PARTS);
        query
    }

    fn take(&mut self, typed: &Typed, occur: Occur, analyser: &mut Analyser) {
        let words = typed.words.as_str();
        let field = typed.field.as_deref().unwrap_or_default();
        let leave_out = occur == Occur::Not;
        match field {
            "versions" if words == "all" => self.all_versions = true,
            "type" | "resource_type" => self.filter(leave_out, Facet::Type, words),
            "access" | "access_right" => self.filter(leave_out, Facet::Access, words),
            "license" | "licence" => self.filter(leave_out, Facet::Licence, words),
            "year" | "date" | "publication_date" => {
                if let Some((from, to)) = years(words) {
                    self.filters.push((leave_out, Filter::Years(from, to)));
                }
            }
            "doi" => self.key(occur, "d:", doi(words).unwrap_or_else(|| words.to_lowercase())),
            "orcid" => self.key(occur, "o:", orcid(words).unwrap_or_else(|| words.to_owned())),
            "communities" | "community" => self.key(occur, "c:", words.to_lowercase()),
            "funder" | "award" | "grant" | "grants" => {
                for token in analyser.collect(words) {
                    self.key(occur, "f:", token);
                }
            }
            "title" => self.field(occur, "t:", typed, analyser, true),
            "creators" | "creator" | "creators.name" | "author" | "authors" => {
                self.field(occur, "n:", typed, analyser, false);
            }
            "keywords" | "keyword" | "subject" | "subjects" => {
                if typed.quoted {
                    self.key(occur, "s:", analyser.collect(words).join(" "));
                } else {
                    self.field(occur, "k:", typed, analyser, true);
                }
            }
            "" => self.words(occur, words, typed.quoted, analyser),
            other => self.words(occur, &format!("{other} {words}"), typed.quoted, analyser),
        }
    }

    fn filter(&mut self, leave_out: bool, facet: Facet, words: &str) {
        self.filters.push((leave_out, Filter::Value(facet, words.to_lowercase())));
    }

    fn key(&mut self, occur: Occur, kind: &str, word: String) {
        if !word.is_empty() {
            self.push(occur, Part::Key(format!("{kind}{word}")));
        }
    }

    fn push(&mut self, occur: Occur, part: Part) {
        if !self.parts.iter().any(|(_, known)| *known == part) {
            self.parts.push((occur, part));
        }
    }

    fn field(
        &mut self,
        occur: Occur,
        kind: &str,
        typed: &Typed,
        analyser: &mut Analyser,
        stem: bool,
    ) {
        let tokens = analyser.collect(&typed.words);
        let stems: Vec<String> = tokens.iter().map(|t| analyser.stem(t).into_owned()).collect();
        let words = if stem { &stems } else { &tokens };
        if !typed.quoted {
            words.iter().for_each(|word| self.key(occur, kind, word.clone()));
            return;
        }
        let mut keys: Vec<String> = words.iter().map(|word| format!("{kind}{word}")).collect();
        if stem {
            // Names are typed in any order.
            keys.extend(key::pairs(&stems));
        }
        if !keys.is_empty() {
            self.push(occur, Part::Together(keys));
        }
    }

    fn words(&mut self, occur: Occur, words: &str, quoted: bool, analyser: &mut Analyser) {
        let mut tokens = analyser.collect(words);
        let prefix = match !quoted && words.ends_with('*') {
            true => tokens.pop(),
            false => None,
        };
        let stems: Vec<String> = tokens.iter().map(|t| analyser.stem(t).into_owned()).collect();
        if quoted && stems.len() > 1 {
            self.push(occur, Part::Phrase(stems));
        } else {
            stems.into_iter().for_each(|stem| self.push(occur, Part::Key(stem)));
        }
        if let Some(prefix) = prefix {
            self.push(occur, Part::Prefix(prefix));
        }
    }
}

/// Years of `2020`, `2018-2021`, `2018-`, `-2021`, `[2018 TO 2021]`.
fn years(text: &str) -> Option<(i64, i64)> {
    let end = |text: &str, open: i64| match text.trim() {
        "" | "*" => Some(open),
        // Of a date the year counts.
        digits => digits.get(..4).unwrap_or(digits).parse().ok(),
    };
    let inside = text.strip_prefix('[').map(|text| text.trim_end_matches(']'));
    if let Some((from, to)) = inside.and_then(|text| text.split_once(" TO ")) {
        return Some((end(from, 0)?, end(to, 9999)?));
    }
    match text.split_once('-') {
        Some((from, to)) if from.len() <= 4 && (to.len() == 4 || to.is_empty() || to == "*") => {
            Some((end(from, 0)?, end(to, 9999)?))
        }
        _ if text.is_empty() => None,
        _ => end(text, 0).map(|year| (year, year)),
    }
}

/// A part as typed.
#[derive(Debug, Default)]
struct Typed {
    sign: Option<char>,
    field: Option<String>,
    words: String,
    quoted: bool,
}

impl Typed {
    fn operator(&self, word: &str) -> bool {
        self.words == word && !self.quoted && self.field.is_none() && self.sign.is_none()
    }
}

/// Splits at white space and parentheses, but not in quotes, or in brackets after a field.
fn typed(text: &str) -> Vec<Typed> {
    let mut parts = Vec::new();
    let apart = |c: char| c.is_whitespace() || matches!(c, '(' | ')');
    let mut rest = text.trim_start_matches(apart);
    while !rest.is_empty() {
        let mut part = Typed::default();
        if let Some(sign) = rest.chars().next().filter(|c| matches!(c, '-' | '+')) {
            part.sign = Some(sign);
            rest = &rest[1..];
        }
        let head = rest.find(|c: char| apart(c) || matches!(c, ':' | '"')).unwrap_or(rest.len());
        let field = &rest[..head];
        let is_name = !field.is_empty()
            && field.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if rest[head..].starts_with(':') && is_name {
            part.field = Some(field.to_lowercase());
            rest = &rest[head + 1..];
        }
        let (words, quoted, next) = value(rest, part.field.is_some(), apart);
        (part.words, part.quoted) = (words.to_owned(), quoted);
        rest = next.trim_start_matches(apart);
        if !part.words.is_empty() {
            parts.push(part);
        }
    }
    parts
}

fn value(rest: &str, in_field: bool, apart: impl Fn(char) -> bool) -> (&str, bool, &str) {
    if let Some(quoted) = rest.strip_prefix('"') {
        let (words, next) = quoted.split_once('"').unwrap_or((quoted, ""));
        return (words, true, next);
    }
    let end = match in_field && rest.starts_with('[') {
        true => rest.find(']').map_or(rest.len(), |at| at + 1),
        false => rest.find(|c| apart(c) || c == '"').unwrap_or(rest.len()),
    };
    (&rest[..end], false, &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let query = Query::parse(text, &mut Analyser::new());
        let mut told: Vec<String> = query
            .parts
            .iter()
            .map(|(occur, part)| {
                let sign = match occur {
                    Occur::Should => "",
                    Occur::Must => "+",
                    Occur::Not => "-",
                };
                match part {
                    Part::Key(key) => format!("{sign}{key}"),
                    Part::Prefix(prefix) => format!("{sign}{prefix}*"),
                    Part::Together(keys) => format!("{sign}{keys:?}"),
                    Part::Phrase(stems) => format!("{sign}{stems:?}~"),
                }
            })
            .collect();
        told.extend(query.filters.iter().map(|(out, filter)| match filter {
            Filter::Value(facet, value) => {
                format!("{}{facet:?}={value}", if *out { "!" } else { "" })
            }
            Filter::Years(from, to) => format!("{}{from}..{to}", if *out { "!" } else { "" }),
        }));
        if query.all_versions {
            told.push("all".into());
        }
        assert_eq!(told.join(" "), expected, "{text}");
    }

    #[test]
    fn queries_are_taken_apart() {
        check("", "");
        check("Climate models", "climat model");
        check("climate climate COVID-19", "climat covid 19");
        check("a AND b", "+a +b");
        check("a OR b NOT c -d +e", "a b -c -d +e");
        check("a AND NOT b", "+a -b");
        check("(sea ice) \"sea level rise\"", "sea ice [\"sea\", \"level\", \"rise\"]~");
        check("clim*", "clim*");
        check("title:models creators:\"Doe, Jane\"", "t:model [\"n:doe\", \"n:jane\"]");
        check("keywords:\"Machine Learning\" -community:EU", "s:machine learning -c:eu");
        check(
            "type:dataset -license:CC-BY-4.0 access:open",
            "Type=dataset !Licence=cc-by-4.0 Access=open",
        );
        check(
            "year:2020 year:2018-2021 year:2018- year:-2020",
            "2020..2020 2018..2021 2018..9999 0..2020",
        );
        check("date:[2018-01-01 TO *]", "2018..9999");
        check("doi:10.5281/ZENODO.1 x", "d:10.5281/zenodo.1 x");
        check("https://doi.org/10.5281/zenodo.1", "+d:10.5281/zenodo.1");
        check("0000-0002-1825-0097", "+o:0000-0002-1825-0097");
        check("versions:all x", "x all");
        check("\"unended phrase", "[\"unend\", \"phrase\"]~");
        check("foo:bar : \" -", "foo bar");
        check("funder:\"European Commission\"", "f:european f:commission");
    }
}
