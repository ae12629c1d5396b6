//! Persons, institutions and funders with identifiers whose check digits hold.

use super::names::{FAMILIES, FIELDS, GIVEN, PLACES};
use super::rng::{Rng, mix};
use super::words::{HEADS, MIDDLES};

/// Octaves of the institution pool: 2^14 institutions, the big ones on many records.
const INSTITUTIONS: u32 = 14;
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A funder: ROR id, name, country.
pub(super) type FunderFacts = (&'static str, &'static str, &'static str);

/// Funders by how often they are named.
pub(super) const FUNDERS: &[FunderFacts] = &[
    ("00k4n6c32", "European Commission", "BE"),
    ("021nxhr62", "U.S. National Science Foundation", "US"),
    ("018mejw64", "Deutsche Forschungsgemeinschaft", "DE"),
    ("001aqnf71", "UK Research and Innovation", "GB"),
    ("00yjd3n13", "Swiss National Science Foundation", "CH"),
    ("01cwqze88", "National Institutes of Health", "US"),
    ("00snfqn58", "Fundação para a Ciência e Tecnologia", "PT"),
    ("029chgv08", "Wellcome Trust", "GB"),
    ("00rbzpz17", "Agence Nationale de la Recherche", "FR"),
    ("05mmh0f86", "Australian Research Council", "AU"),
];

/// A family and a given name.
pub(super) fn name(rng: &mut Rng) -> (String, String) {
    let family = if rng.chance(45_000) {
        FAMILIES[rng.zipf(6).min(FAMILIES.len() - 1)].to_owned()
    } else {
        surname(rng)
    };
    let mut given = GIVEN[rng.zipf(5).min(GIVEN.len() - 1)].to_owned();
    match rng.below(10) {
        0..=3 => {
            let initial = (b'A' + rng.below(26) as u8) as char;
            given.push(' ');
            given.push(initial);
            given.push('.');
        }
        4 => given = format!("{}.", &given[..given.chars().next().map_or(0, char::len_utf8)]),
        _ => {}
    }
    (family, given)
}

fn surname(rng: &mut Rng) -> String {
    const ENDINGS: &[&str] =
        &["man", "son", "ova", "ski", "ez", "ini", "berg", "wala", "moto", "escu", "ström", "oğlu"];
    let mut name = String::new();
    name.push_str(if rng.chance(50_000) { rng.pick(MIDDLES) } else { rng.pick(HEADS) });
    name.push_str(rng.pick(ENDINGS));
    let first = name[..1].to_ascii_uppercase();
    name.replace_range(..1, &first);
    name
}

/// An ORCID iD with its check character (ISO 7064 MOD 11-2) in the range given to persons.
pub(super) fn orcid(rng: &mut Rng) -> String {
    let number = 15_000_000 + rng.below(35_000_000);
    let digits = format!("{number:015}");
    let sum = digits.bytes().fold(0u32, |sum, digit| (sum + u32::from(digit - b'0')) * 2);
    let check = match (12 - sum % 11) % 11 {
        10 => 'X',
        check => (b'0' + check as u8) as char,
    };
    format!("{}-{}-{}-{}{check}", &digits[..4], &digits[4..8], &digits[8..12], &digits[12..])
}

/// A ROR id: `0`, six Crockford base-32 characters, two check digits (ISO 7064 MOD 97-10).
pub(super) fn ror(number: u64) -> String {
    let number = number % (1 << 30);
    let check = 98 - (number * 100) % 97;
    let body: String = (0..6)
        .rev()
        .map(|place| CROCKFORD[(number >> (place * 5) & 31) as usize] as char)
        .collect();
    format!("0{body}{check:02}")
}

/// A name and, for those in the vocabulary, a ROR id.
pub(super) fn institution(rng: &mut Rng) -> (String, Option<String>) {
    let mut facts = Rng::new(0x1257, rng.zipf(INSTITUTIONS) as u64, 0);
    let place = place(&mut facts);
    let name = match facts.below(6) {
        0 | 1 => format!("University of {place}"),
        2 => format!("{place} Institute of {}", facts.pick(FIELDS)),
        3 => format!("Department of {}, {place} University", facts.pick(FIELDS)),
        4 => format!("{place} University of Technology"),
        _ => format!("National Centre for {}, {place}", facts.pick(FIELDS)),
    };
    let id = facts.chance(45_000).then(|| ror(facts.bits()));
    (name, id)
}

/// A place name.
pub(super) fn place(rng: &mut Rng) -> String {
    if rng.chance(40_000) { rng.pick(PLACES).to_owned() } else { surname(rng) }
}

/// A UUID (version 4 by its marks) that belongs to `word`.
pub(super) fn uuid(word: u64) -> String {
    let (high, low) = (mix(word), mix(word ^ 0x5DEE_CE66));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xFFFF,
        high & 0xFFF,
        0x8000 | low >> 48 & 0x3FFF,
        low & 0xFFFF_FFFF_FFFF
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orcid_check_characters_hold() {
        let mut rng = Rng::new(1, 2, 3);
        for _ in 0..200 {
            let id = orcid(&mut rng);
            let values = id.bytes().filter(|b| *b != b'-');
            let sum = values.fold(0u32, |sum, b| {
                (sum * 2 + if b == b'X' { 10 } else { u32::from(b - b'0') }) % 11
            });
            assert_eq!((id.len(), sum), (19, 1), "{id}");
        }
    }

    #[test]
    fn ror_check_digits_hold() {
        let check = |id: &str| {
            let value = |b: u8| CROCKFORD.iter().position(|c| *c == b).unwrap() as u64;
            let number = id[1..7].bytes().fold(0, |sum, b| sum * 32 + value(b));
            assert_eq!(id[7..].parse::<u64>().unwrap(), 98 - number * 100 % 97, "{id}");
        };
        FUNDERS.iter().for_each(|(id, ..)| check(id));
        (0..500).for_each(|word| check(&ror(mix(word))));
    }

    #[test]
    fn uuids_have_their_marks() {
        let id = uuid(42);
        assert_eq!(id.len(), 36);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
