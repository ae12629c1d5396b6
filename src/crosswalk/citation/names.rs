//! Lists of names in the orders that styles use.

use super::line::Cited;
use crate::crosswalk::names::Name;

/// Names that a citation may show: the first of them, and the last.
///
/// No style shows more than the first twenty and the last; a record may have thousands.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    first: Vec<Name<'a>>,
    last: Option<Name<'a>>,
    count: usize,
}

/// Most names that any style shows before it shortens.
const MOST: usize = 20;

impl<'a> Names<'a> {
    pub(super) fn of(names: impl Iterator<Item = Name<'a>>) -> Names<'a> {
        let mut list = Names::default();
        for name in names {
            list.count += 1;
            if list.first.len() < MOST {
                list.first.push(name);
            } else {
                list.last = Some(name);
            }
        }
        list
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Whether a label for them is in the plural.
    pub(super) fn are_many(&self) -> bool {
        self.count > 1
    }
}

/// Initials: `G. M.`, `G.M.`, `GM`; hyphens kept or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Initials {
    /// After each initial.
    pub(super) stop: bool,
    /// Between initials.
    pub(super) space: bool,
    /// `J.-P.`
    pub(super) hyphen: bool,
}

/// Which names have the family name first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inverted {
    /// `Moretti, G. M., & Berg, J.`
    All,
    /// `Moretti, Giulia, and Jan Berg`
    First,
    /// `G. M. Moretti and J. Berg`
    None,
}

/// How a style writes a list of names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) inverted: Inverted,
    /// Given names in full if absent.
    pub(super) initials: Option<Initials>,
    /// Between family and given name: `, `, or a space.
    pub(super) separator: &'static str,
    /// Before the last name, with its spaces: ` and `; a list without `, `.
    pub(super) and: &'static str,
    /// From this many names on the comma stays before the conjunction.
    pub(super) comma_from: usize,
    /// From this many names on the list is shortened …
    pub(super) shortened_from: usize,
    /// … to so many.
    pub(super) shown: usize,
    /// What stands for the rest.
    pub(super) rest: Rest,
}

/// What stands for the names that are left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// `, … Last, N.`
    LastName,
    /// `, et al.`
    EtAl,
    /// ` et al.`, in italics and without a comma after a single name.
    ItalicEtAl,
}

/// Appends a list of names.
pub(super) fn write(names: &Names<'_>, form: &Form, cited: &mut Cited) {
    let shortened = names.count >= form.shortened_from;
    let shown = if shortened { form.shown } else { names.count };
    // A style that names more than twenty in full would need a longer list.
    let shown = names.first.get(..shown.min(names.first.len())).unwrap_or_default();
    for (at, name) in shown.iter().enumerate() {
        if at > 0 {
            let last = at + 1 == shown.len() && !shortened;
            match last {
                true if names.count >= form.comma_from => cited.push(",").push(form.and),
                true => cited.push(form.and),
                false => cited.push(", "),
            };
        }
        one(name, form, at, cited);
    }
    if !shortened {
        return;
    }
    match (form.rest, names.last.as_ref()) {
        (Rest::LastName, Some(last)) => {
            cited.push(", … ");
            one(last, form, MOST, cited);
        }
        (Rest::ItalicEtAl, _) => {
            cited.push(" ").italic("et al.");
        }
        (Rest::LastName, None) | (Rest::EtAl, _) => {
            cited.push(", et al.");
        }
    }
}

fn one(name: &Name<'_>, form: &Form, at: usize, cited: &mut Cited) {
    let Name::Person { family, given: Some(given) } = name else {
        let (Name::Person { family: whole, .. } | Name::Organisation(whole)) = name;
        cited.push(whole);
        return;
    };
    if is_east_asian(family) && is_east_asian(given) {
        cited.push(family).push(given);
        return;
    }
    let given = match form.initials {
        Some(initials) => abbreviated(given, initials),
        None => given.to_string(),
    };
    let inverted = match form.inverted {
        Inverted::All => true,
        Inverted::First => at == 0,
        Inverted::None => false,
    };
    match inverted {
        _ if given.is_empty() => cited.push(family),
        true => cited.push(family).push(form.separator).push(&given),
        false => cited.push(&given).push(" ").push(family),
    };
}

/// Chinese, Japanese and Korean names have the family name first and nothing between.
fn is_east_asian(name: &str) -> bool {
    let letter = |c: char| {
        matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}'
            | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
    };
    !name.is_ascii() && name.chars().all(|c| letter(c) || c.is_whitespace())
}

/// `Jean-Paul Marie` → `J.-P. M.`; in scripts without capitals names have no initials.
fn abbreviated(given: &str, form: Initials) -> String {
    let has_case = |c: char| c.is_lowercase() || c.is_uppercase();
    if !given.chars().any(has_case) {
        return given.to_owned();
    }
    let mut out = String::with_capacity(given.len().min(32));
    for word in given.split([' ', '.', '\u{a0}']).filter(|word| !word.is_empty()) {
        let mut joined = false;
        for part in word.split(['-', '\u{2010}']) {
            let Some(initial) = part.chars().find(|c| c.is_alphanumeric()) else { continue };
            if joined {
                if form.hyphen {
                    out.push('-');
                }
            } else if !out.is_empty() && form.space {
                out.push(' ');
            }
            out.extend(initial.to_uppercase());
            if form.stop {
                out.push('.');
            }
            joined = true;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_given_names() {
        let forms = [(true, true, true), (true, false, true), (false, false, false)];
        let forms = forms.map(|(stop, space, hyphen)| Initials { stop, space, hyphen });
        for (given, expected) in [
            ("Troy", ["T.", "T.", "T"]),
            ("Jean-Paul Marie", ["J.-P. M.", "J.-P.M.", "JPM"]),
            ("J.P.", ["J. P.", "J.P.", "JP"]),
            ("élodie", ["É.", "É.", "É"]),
            ("ليلى", ["ليلى"; 3]),
            ("- .", ["- ."; 3]),
        ] {
            assert_eq!(forms.map(|form| abbreviated(given, form)), expected, "{given}");
        }
    }

    #[test]
    fn lists() {
        let form = Form {
            inverted: Inverted::All,
            initials: None,
            separator: ", ",
            and: " & ",
            comma_from: 2,
            shortened_from: 21,
            shown: 19,
            rest: Rest::LastName,
        };
        let name = |n: usize| Name::Organisation(format!("A{n}").into());
        let list = |count: usize, form: &Form| {
            let mut cited = Cited::default();
            write(&Names::of((1..=count).map(name)), form, &mut cited);
            cited.into_text()
        };
        assert_eq!(list(0, &form), "");
        assert_eq!(list(1, &form), "A1");
        assert_eq!(list(2, &form), "A1, & A2");
        assert!(list(20, &form).ends_with("A19, & A20"));
        assert!(list(21, &form).ends_with("A18, A19, … A21"));
        assert!(list(3000, &form).ends_with("A18, A19, … A3000"));
        let et_al = Form { shortened_from: 4, shown: 1, rest: Rest::ItalicEtAl, ..form };
        assert_eq!(list(3, &Form { comma_from: 9, ..et_al }), "A1, A2 & A3");
        assert_eq!(list(4, &et_al), "A1 et al.");
        assert_eq!(list(4, &Form { rest: Rest::EtAl, shown: 2, ..et_al }), "A1, A2, et al.");
    }
}
