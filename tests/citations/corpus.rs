//! Records of every type, with any combination of what citations are made of.

use serde_json::{Value, json};

const SURNAMES: [&str; 8] =
    ["Moretti", "Berg", "O’Neill", "García Márquez", "王", "Łukasz", "الحسن", "Smith-Jones"];
const GIVEN: [&str; 8] =
    ["Giulia Maria", "Jan-Piet", "Ann B.", "Gabriel", "小明", "Éva", "ليلى", "X. Y."];
const TITLES: [&str; 8] = [
    "Surface velocity of three valley glaciers",
    "Why do glaciers move?",
    "On the origin of ice: a re-reading of 12 well-known sources",
    "A title that ends with a stop.",
    "中文的标题",
    "مدخل إلى تاريخ الطباعة",
    "Über die Bewegung von Gletschern & anderes <sub>2</sub>",
    "The ice, its colours (blue or white) and “quoted” words",
];

/// A small generator: equal seeds, equal records.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn maybe(&mut self, from: &[&str]) -> Value {
        if self.roll(2) == 0 { Value::Null } else { self.pick(from).into() }
    }
}

fn person(dice: &mut Dice) -> Value {
    let at = dice.roll(SURNAMES.len() + 2);
    match SURNAMES.get(at) {
        Some(family) => json!({"person_or_org":
            {"type": "personal", "family_name": family, "given_name": GIVEN[at]}}),
        None if at.is_multiple_of(2) => json!({"person_or_org":
            {"type": "organizational", "name": "Glacier Watch, The Consortium"}}),
        None => json!({"person_or_org": {"type": "personal", "family_name": "Plato"}}),
    }
}

/// A record of one type with any combination of what citations are made of.
pub(crate) fn record(kind: &str, dice: &mut Dice) -> Value {
    let count = [0, 1, 1, 2, 2, 3, 4, 6, 7, 8, 20, 21, 30][dice.roll(13)];
    let creators: Vec<Value> = (0..count).map(|_| person(dice)).collect();
    let mut contributors: Vec<Value> = (0..dice.roll(3)).map(|_| person(dice)).collect();
    for contributor in &mut contributors {
        contributor["role"] = json!({"id": dice.pick(&["editor", "other", "editor"])});
    }
    let title = dice.pick(&TITLES);
    let english = title.is_ascii() && dice.roll(2) == 0;
    let (journal, imprint) = (dice.roll(3) == 0, dice.roll(3) == 0);
    let mut fields = json!({"thesis:university": dice.maybe(&["University of Ice"])});
    if journal {
        fields["journal:journal"] = json!({
            "title": "Journal of Ice", "volume": dice.maybe(&["12"]), "issue": dice.maybe(&["3"]),
            "pages": dice.maybe(&["101-119", "e17", "12-19", "1201-1219"]),
        });
    }
    if imprint {
        fields["imprint:imprint"] = json!({
            "title": dice.maybe(&["Proceedings of Ice"]), "place": dice.maybe(&["Geneva"]),
            "pages": dice.maybe(&["12-19", "7"]), "edition": dice.maybe(&["2", "13"]),
        });
    }
    if dice.roll(3) == 0 {
        fields["meeting:meeting"] = json!({
            "title": "Ice Conference 2024", "place": dice.maybe(&["Bern, Switzerland"]),
        });
    }
    if kind == "publication-dissertation" {
        fields["thesis:thesis"] = json!({
            "university": dice.maybe(&["University of Ice"]), "type": dice.maybe(&["PhD thesis"]),
        });
    }
    json!({
        "id": "7",
        "pids": if dice.roll(6) == 0 { json!({}) } else {
            json!({"doi": {"identifier": "10.5072/repository.7"}})
        },
        "metadata": {
            "resource_type": {"id": kind},
            "title": if dice.roll(12) == 0 { "" } else { title },
            "creators": creators,
            "contributors": contributors,
            "publisher": dice.maybe(&["Example Repository", "Ice Press Inc."]),
            "publication_date": dice.maybe(&["2024-03-05", "2024-06", "2019", "1999-12-31"]),
            "version": dice.maybe(&["2.1.0", "3"]),
            "languages": if english { json!([{"id": "eng"}]) } else { json!([]) },
        },
        "custom_fields": fields,
    })
}
