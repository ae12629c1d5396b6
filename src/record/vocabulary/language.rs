//! Languages by any of their codes.

/// A language of ISO 639-3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Language {
    /// ISO 639-3 code.
    pub alpha3: &'static str,
    /// ISO 639-1 code, if there is one.
    pub alpha2: Option<&'static str>,
    /// English name.
    pub name: &'static str,
}

impl Language {
    /// The shortest code, which is what BCP 47 asks for.
    pub fn bcp47(&self) -> &'static str {
        self.alpha2.unwrap_or(self.alpha3)
    }
}

/// Finds a language by ISO 639-1, 639-2/B, 639-2/T or 639-3 code, by a BCP 47 tag that starts
/// with one (`en-US`), or by English name; case does not matter.
///
/// Codes cost a hash look-up. Names cost a scan of all 7,900 and are only tried for text that
/// is no code.
pub fn language(code_or_name: &str) -> Option<Language> {
    let text = code_or_name.trim();
    let primary = text.split(['-', '_']).next().unwrap_or(text);
    by_code(primary).or_else(|| by_name(text)).map(|found| Language {
        alpha3: found.to_639_3(),
        alpha2: found.to_639_1(),
        name: found.to_name(),
    })
}

fn by_code(code: &str) -> Option<isolang::Language> {
    let mut lower = [0u8; 3];
    let lower = lower.get_mut(..code.len())?;
    lower.copy_from_slice(code.as_bytes());
    lower.make_ascii_lowercase();
    let code = std::str::from_utf8(lower).ok()?;
    match code.len() {
        2 => isolang::Language::from_639_1(code),
        3 => isolang::Language::from_639_3(code).or_else(|| {
            let at = BIBLIOGRAPHIC.binary_search_by(|(b, _)| (*b).cmp(code)).ok()?;
            isolang::Language::from_639_3(BIBLIOGRAPHIC[at].1)
        }),
        _ => None,
    }
}

/// Longest English name worth a scan; the longest in ISO 639-3 has 58 characters.
const LONGEST_NAME: usize = 75;

fn by_name(name: &str) -> Option<isolang::Language> {
    if name.len() < 2 || name.len() > LONGEST_NAME {
        return None;
    }
    let common = COMMON_NAMES.iter().find(|(common, _)| common.eq_ignore_ascii_case(name));
    if let Some((_, code)) = common {
        return isolang::Language::from_639_3(code);
    }
    let wanted = name.to_owned();
    isolang::Language::match_names(move |name| name.eq_ignore_ascii_case(&wanted)).next()
}

/// ISO 639-2/B codes that differ from 639-3, sorted.
pub(super) const BIBLIOGRAPHIC: &[(&str, &str)] = &[
    ("alb", "sqi"),
    ("arm", "hye"),
    ("baq", "eus"),
    ("bur", "mya"),
    ("chi", "zho"),
    ("cze", "ces"),
    ("dut", "nld"),
    ("fre", "fra"),
    ("geo", "kat"),
    ("ger", "deu"),
    ("gre", "ell"),
    ("ice", "isl"),
    ("mac", "mkd"),
    ("mao", "mri"),
    ("may", "msa"),
    ("per", "fas"),
    ("rum", "ron"),
    ("slo", "slk"),
    ("tib", "bod"),
    ("wel", "cym"),
];

/// Everyday names that ISO 639-3 spells otherwise.
const COMMON_NAMES: &[(&str, &str)] = &[
    ("Castilian", "spa"),
    ("Farsi", "fas"),
    ("Flemish", "nld"),
    ("Greek", "ell"),
    ("Malay", "msa"),
    ("Moldavian", "ron"),
    ("Nepali", "nep"),
    ("Slovene", "slv"),
    ("Swahili", "swa"),
];
