//! BibTeX: one entry, UTF-8, readable by BibTeX, biber and reference managers.
//!
//! Entry types and fields follow the BibTeX manual (Patashnik, *BibTeXing*, 1988) and, for
//! `dataset`, `software`, `doi`, `url` and `version`, biblatex.

use std::fmt::Write as _;

use super::links;
use super::names::{Name, given_text, role};
use crate::record::Published;
use crate::record::date::{Date, Edtf};
use crate::record::model::Contributor;
use crate::record::vocabulary;

/// Appends the record as one BibTeX entry, ending in a line feed.
pub fn write(published: &Published<'_>, out: &mut Vec<u8>) {
    let kind = entry_type(published);
    let mut entry = Entry { text: format!("@{kind}{{{},\n", key(published)) };
    let metadata = &published.record.metadata;
    let custom = &published.record.custom_fields;

    if kind != "proceedings" {
        entry.people("author", metadata.creators.iter());
    }
    entry.people("editor", metadata.contributors.iter().filter(|c| role(c) == "editor"));
    entry.field("title", metadata.title.as_deref());
    match kind {
        "article" => entry.field("journal", custom.journal.title.as_deref()),
        "incollection" | "inproceedings" => entry.field("booktitle", booktitle(published)),
        "phdthesis" | "mastersthesis" => {
            entry.field("school", custom.thesis.university.as_deref());
        }
        "techreport" => entry.field("institution", publisher(published)),
        "unpublished" => entry.field("note", note(published)),
        _ => (),
    }
    entry.date(metadata.publication_date.as_deref());
    if !matches!(kind, "techreport" | "unpublished" | "phdthesis" | "mastersthesis" | "booklet") {
        entry.field("publisher", publisher(published));
    }
    if kind == "article" {
        entry.field("volume", custom.journal.volume.as_deref());
        entry.field("number", custom.journal.issue.as_deref());
        entry.field("pages", custom.journal.pages.as_deref());
        entry.field("issn", custom.journal.issn.as_deref());
    } else {
        entry.field("pages", custom.imprint.pages.as_deref());
        entry.field("edition", custom.imprint.edition.as_deref());
        entry.field("address", custom.imprint.place.as_deref());
        entry.field("isbn", custom.imprint.isbn.as_deref());
    }
    entry.field("version", metadata.version.as_deref());
    entry.verbatim("doi", published.doi());
    entry.verbatim("url", Some(&links::citable_url(published)));
    entry.verbatim("swhid", published.record.swh.swhid.as_deref());
    entry.text.push_str("}\n");
    out.extend_from_slice(entry.text.as_bytes());
}

/// The entry type: what the resource type asks for if the record has the fields that BibTeX
/// requires of it, the nearest type that asks for less otherwise.
fn entry_type(published: &Published<'_>) -> &'static str {
    let metadata = &published.record.metadata;
    let custom = &published.record.custom_fields;
    let wanted =
        vocabulary::resource_type(&metadata.resource_type.id).map_or("misc", |kind| kind.bibtex);
    let has = |text: Option<&str>| given_text(text).is_some();
    match wanted {
        "article" if !has(custom.journal.title.as_deref()) => "misc",
        "book" if !has(publisher(published)) => "booklet",
        "incollection" if has(custom.imprint.title.as_deref()) => "incollection",
        "incollection" if has(custom.imprint.pages.as_deref()) => "inbook",
        "incollection" => "misc",
        "inproceedings" if !has(booktitle(published)) => "misc",
        "phdthesis" if !has(custom.thesis.university.as_deref()) => "misc",
        "phdthesis" if is_masters(custom.thesis.kind.as_deref()) => "mastersthesis",
        "techreport" if !has(publisher(published)) => "misc",
        "unpublished" if !has(note(published)) => "misc",
        wanted => wanted,
    }
}

fn is_masters(kind: Option<&str>) -> bool {
    let kind = kind.unwrap_or_default().to_ascii_lowercase();
    ["master", "msc", "diplom", "bachelor", "bsc"].iter().any(|word| kind.contains(word))
}

fn publisher<'a>(published: &Published<'a>) -> Option<&'a str> {
    let own = published.record.metadata.publisher.as_deref().filter(|name| !name.is_empty());
    own.or(published.repository.publisher.as_deref())
}

/// The book that holds the work; for a conference paper the conference if no book is named.
fn booktitle<'a>(published: &Published<'a>) -> Option<&'a str> {
    let custom = &published.record.custom_fields;
    let book = custom.imprint.title.as_deref().filter(|title| !title.is_empty());
    match &*published.record.metadata.resource_type.id {
        "publication-conferencepaper" => book.or(custom.meeting.title.as_deref()),
        _ => book,
    }
}

/// The first additional description of type notes or other.
fn note<'a>(published: &Published<'a>) -> Option<&'a str> {
    let descriptions = &published.record.metadata.additional_descriptions;
    let is_note = |kind: &str| matches!(kind, "notes" | "other");
    descriptions
        .iter()
        .find(|d| d.kind.as_ref().is_some_and(|kind| is_note(&kind.id)))
        .map(|d| d.description.as_str())
}

/// Citation key: `<surname>_<year>_<id>`, ASCII letters, digits, `.`, `_` and `-` only.
///
/// A surname that cannot be spelled in ASCII and a date that cannot be read are left out; the
/// id keeps the key unique.
pub fn key(published: &Published<'_>) -> String {
    let metadata = &published.record.metadata;
    let mut key = String::new();
    let first = metadata.creators.iter().find_map(|c| Name::of(&c.person_or_org));
    if let Some(Name::Person { family: name, .. } | Name::Organisation(name)) = &first {
        for character in name.chars().take(LONGEST_SURNAME).flat_map(char::to_lowercase) {
            ascii(character, &mut key);
        }
    }
    if !key.is_empty() {
        key.push('_');
    }
    if let Some(date) = metadata.publication_date.as_deref().and_then(issued) {
        let _ = write!(key, "{}_", date.year);
    }
    key.extend(published.id().chars().filter(|&c| c.is_ascii_alphanumeric() || "._-".contains(c)));
    key
}

/// Characters of a surname, or of an organisation's name, that go into a key.
const LONGEST_SURNAME: usize = 40;

/// Spells a lower-case letter in ASCII, as far as the Latin alphabets of Europe go.
fn ascii(character: char, key: &mut String) {
    let spelled = match character {
        'a'..='z' | '0'..='9' => return key.push(character),
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'ǎ' | 'ạ' | 'ả' | 'ấ' | 'ầ' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' | 'ẹ' | 'ế' | 'ề' | 'ể' | 'ễ' | 'ệ' => {
            "e"
        }
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĵ' => "j",
        'ķ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'ọ' | 'ơ' | 'ố' | 'ồ' | 'ộ' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ţ' | 'ť' | 'ŧ' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' | 'ư' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    };
    key.push_str(spelled);
}

/// The date a citation gives: the start, or the end where the start is open.
fn issued(text: &str) -> Option<Date> {
    let (date, _) = Edtf::repair(text)?;
    date.start().or_else(|| date.end())
}

struct Entry {
    text: String,
}

impl Entry {
    /// A field of LaTeX text, from text that may hold HTML; nothing if nothing is left of it.
    fn field(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = given_text(value) else { return };
        self.open(name);
        latex(&value, &mut self.text);
        self.text.push_str("},\n");
    }

    /// A field that biblatex reads verbatim: an address or an identifier.
    ///
    /// Characters that would end the field or the entry are percent-encoded.
    fn verbatim(&mut self, name: &str, value: Option<&str>) {
        let Some(value) = value.filter(|value| !value.is_empty()) else { return };
        self.open(name);
        for character in value.chars() {
            if matches!(character, '{' | '}' | '\\') {
                let _ = write!(self.text, "%{:02X}", u32::from(character));
            } else if !character.is_control() && !character.is_whitespace() {
                self.text.push(character);
            }
        }
        self.text.push_str("},\n");
    }

    fn people<'a, 'b: 'a>(
        &mut self,
        name: &str,
        people: impl Iterator<Item = &'a Contributor<'b>>,
    ) {
        let mut first = true;
        for person in people.filter_map(|person| Name::of(&person.person_or_org)) {
            if first {
                self.open(name);
            } else {
                let _ = write!(self.text, " and\n{:18}", "");
            }
            first = false;
            self.person(&person);
        }
        if !first {
            self.text.push_str("},\n");
        }
    }

    fn person(&mut self, name: &Name<'_>) {
        match name {
            Name::Organisation(name) => self.name_part(name, true),
            // A name of one word is a family name; of several, all of it is.
            Name::Person { family, given: None } => self.name_part(family, family.contains(' ')),
            Name::Person { family, given: Some(given) } => {
                self.name_part(family, false);
                self.text.push_str(", ");
                self.name_part(given, false);
            }
        }
    }

    /// Braces keep BibTeX from taking a name apart at spaces, commas and ` and `.
    fn name_part(&mut self, text: &str, braced: bool) {
        let braced = braced || text.contains(',') || has_and(text);
        self.text.push_str(if braced { "{" } else { "" });
        latex(text, &mut self.text);
        self.text.push_str(if braced { "}" } else { "" });
    }

    fn date(&mut self, text: Option<&str>) {
        const MONTHS: [&str; 12] =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let Some(date) = text.and_then(issued) else { return };
        let month = date.month.and_then(|month| MONTHS.get(usize::from(month).checked_sub(1)?));
        if let Some(month) = month {
            let _ = writeln!(self.text, "  {:12} = {month},", "month");
        }
        let _ = writeln!(self.text, "  {:12} = {},", "year", date.year);
    }

    fn open(&mut self, name: &str) {
        let _ = write!(self.text, "  {name:12} = {{");
    }
}

fn has_and(text: &str) -> bool {
    text.split(' ').any(|word| word.eq_ignore_ascii_case("and"))
}

/// Appends text with every LaTeX special escaped.
///
/// Braces become commands without braces: BibTeX counts them even behind a backslash, so that
/// `\{` would leave the entry unbalanced.
fn latex(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\\' => out.push_str("\\textbackslash{}"),
            '{' => out.push_str("\\textbraceleft{}"),
            '}' => out.push_str("\\textbraceright{}"),
            '~' => out.push_str("\\textasciitilde{}"),
            '^' => out.push_str("\\textasciicircum{}"),
            '&' | '%' | '$' | '#' | '_' => {
                out.push('\\');
                out.push(character);
            }
            '\n' | '\t' | '\r' => out.push(' '),
            character if character.is_control() => (),
            character => out.push(character),
        }
    }
}
