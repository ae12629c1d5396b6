//! Fields of single disciplines: biodiversity and audiovisual core terms.
//!
//! Their names are those of public vocabularies (Darwin Core, GBIF, MIxS, Audiovisual Core), so
//! the name of a field says what it is; its values are text, or pairs of two terms.

use serde_json::Value;

use super::{Page, fact, joined};
use crate::build::site::html::Html;
use crate::crosswalk::links::identifier_url;
use crate::record::html::plain;

/// Namespaces of the fields that are shown.
const NAMESPACES: [&str; 8] = ["ac", "dc", "dwc", "gbif", "gbif-dwc", "mixs", "obo", "openbiodiv"];
/// Fields shown, and values of one field.
const MOST: usize = 60;

/// One row a field, in the order of the record.
pub(in crate::build::site) fn domain(page: Page<'_>, html: &mut Html) {
    let fields = page.published.record.custom_fields.other.iter();
    let known = fields.filter_map(|(key, value)| {
        let (namespace, name) = key.split_once(':')?;
        NAMESPACES.contains(&namespace).then_some((name, value))
    });
    for (name, value) in known.take(MOST) {
        let Ok(value) = serde_json::from_str::<Value>(value.get()) else { continue };
        fact(html, &label(name), |html| match &value {
            Value::Array(values) => {
                joined(html, "<br>", values.iter().take(MOST), |html, value| one(value, html));
            }
            value => one(value, html),
        });
    }
}

fn one(value: &Value, html: &mut Html) {
    match value {
        Value::String(text) => {
            let url = identifier_url(Some("url"), text);
            html.link("", url.as_deref(), &plain(text));
        }
        Value::Number(number) => {
            html.text(&number.to_string());
        }
        Value::Object(members) => {
            // Interactions: what eats, carries or hosts what.
            let ends = [members.get("subject"), members.get("object")];
            joined(html, " → ", ends.into_iter().flatten(), |html, end| match end {
                Value::Array(terms) => {
                    joined(html, ", ", terms.iter().take(MOST), |html, term| {
                        html.text(&plain(term.as_str().unwrap_or_default()));
                    });
                }
                end => {
                    html.text(&plain(end.as_str().unwrap_or_default()));
                }
            });
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => {}
    }
}

/// `scientificNameAuthorship` → `Scientific name authorship`; `GPSAltitude` → `GPS altitude`.
fn label(name: &str) -> String {
    if name == "RO_0002453" {
        return "Host of".to_owned();
    }
    let letters: Vec<char> = name.chars().take(80).collect();
    let mut label = String::with_capacity(letters.len() + 8);
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|b| b.is_lowercase() || after.is_some_and(|a| a.is_lowercase()));
        match letter {
            '_' => label.push(' '),
            _ if at == 0 => label.extend(letter.to_uppercase()),
            _ if begins => {
                label.push(' ');
                match after.is_some_and(|a| a.is_uppercase()) {
                    true => label.push(letter),
                    false => label.extend(letter.to_lowercase()),
                }
            }
            _ => label.push(letter),
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_are_words() {
        for (name, expected) in [
            ("scientificName", "Scientific name"),
            ("scientificNameAuthorship", "Scientific name authorship"),
            ("GPSAltitude", "GPS altitude"),
            ("catalogNumber", "Catalog number"),
            ("geo_loc_name", "Geo loc name"),
            ("eventID", "Event ID"),
            ("RO_0002453", "Host of"),
            ("é", "É"),
        ] {
            assert_eq!(label(name), expected);
        }
    }
}
