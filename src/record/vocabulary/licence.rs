//! Licences: the SPDX list, the ones that only Zenodo knows, and older ids of both.

use std::sync::LazyLock;

/// A licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Licence {
    /// Lower-case id: the lower-cased SPDX id, or Zenodo's own such as `other-open`.
    pub id: &'static str,
    /// English name.
    pub title: &'static str,
    /// Where the text is; `None` for the unspecific ones.
    pub url: Option<&'static str>,
    /// SPDX id in its own spelling; `None` for Zenodo's own.
    pub spdx: Option<&'static str>,
}

/// Looks a licence up by id, any case; older ids (`cc-zero`, `mit-license`, `gpl-3.0`) lead to
/// the current one. Does not allocate once the table is built.
pub fn licence(id: &str) -> Option<Licence> {
    let mut buffer = [0u8; LONGEST_ID];
    let lower = buffer.get_mut(..id.len())?;
    lower.copy_from_slice(id.as_bytes());
    lower.make_ascii_lowercase();
    let id = std::str::from_utf8(lower).ok()?;
    let id = match OLDER_IDS.binary_search_by(|(older, _)| (*older).cmp(id)) {
        Ok(at) => OLDER_IDS[at].1,
        Err(_) => id,
    };
    let table = &LICENCES.by_id;
    let at = table.binary_search_by(|entry| entry.id.as_str().cmp(id)).ok()?;
    table.get(at).map(Entry::licence)
}

/// Finds a licence by the address of its text.
///
/// Scheme, `www.`, case, trailing slash, query, fragment and the names of the documents under
/// one licence (`legalcode`, `deed.en`, `.html`) do not matter.
pub fn licence_by_url(url: &str) -> Option<Licence> {
    let key = url_key(url)?;
    let table = &LICENCES.by_url;
    if let Ok(at) = table.binary_search_by(|(known, _)| known.as_str().cmp(&key)) {
        return LICENCES.by_id.get(table[at].1).map(Entry::licence);
    }
    if let Some((_, id)) = OTHER_ADDRESSES.iter().find(|(address, _)| *address == key) {
        return licence(id);
    }
    let (host, path) = key.split_once('/')?;
    let name = path.strip_prefix("licenses/").or_else(|| path.strip_prefix("license/"))?;
    match host {
        "opensource.org" | "spdx.org" | "opendefinition.org" | "choosealicense.com" => {
            licence(name)
        }
        "gnu.org" => {
            let name = name.strip_prefix("old-licenses/").unwrap_or(name);
            licence(name.strip_suffix("-standalone").unwrap_or(name))
        }
        "apache.org" => licence(&name.replace("license-", "apache-")),
        _ => None,
    }
}

/// Longer than any id of the list.
pub(super) const LONGEST_ID: usize = 64;

struct Entry {
    id: String,
    title: &'static str,
    url: Option<String>,
    spdx: Option<&'static str>,
}

impl Entry {
    fn licence(&'static self) -> Licence {
        Licence { id: &self.id, title: self.title, url: self.url.as_deref(), spdx: self.spdx }
    }
}

struct Licences {
    /// Sorted by id.
    by_id: Vec<Entry>,
    /// Address by [`url_key`] and position in `by_id`, sorted; the first id wins.
    by_url: Vec<(String, usize)>,
}

static LICENCES: LazyLock<Licences> = LazyLock::new(|| {
    let listed = spdx::identifiers::LICENSES.iter().map(|licence| {
        let id = licence.name.to_ascii_lowercase();
        let url = Some(spdx_url(&id, licence));
        Entry { id, title: licence.full_name, url, spdx: Some(licence.name) }
    });
    let own = ZENODO.iter().map(|&(id, title, url)| Entry {
        id: id.to_owned(),
        title,
        url: (!url.is_empty()).then(|| url.to_owned()),
        spdx: None,
    });
    let mut by_id: Vec<Entry> = own.chain(listed).collect();
    by_id.sort_by(|a, b| a.id.cmp(&b.id));
    by_id.dedup_by(|later, earlier| later.id == earlier.id);
    let mut by_url: Vec<(String, usize)> = by_id
        .iter()
        .enumerate()
        .filter_map(|(at, entry)| Some((url_key(entry.url.as_deref()?)?, at)))
        .collect();
    by_url.sort();
    by_url.dedup_by(|later, earlier| later.0 == earlier.0);
    Licences { by_id, by_url }
});

/// Every current id, for tests.
#[cfg(test)]
pub(super) fn listed() -> impl Iterator<Item = &'static str> {
    LICENCES.by_id.iter().map(|entry| entry.id.as_str())
}

/// The legal code for Creative Commons, the Open Source Initiative's page for what it approved
/// (except GNU licences, whose `-only` and `-or-later` ids it does not know), else SPDX's page.
fn spdx_url(id: &str, licence: &spdx::License) -> String {
    use spdx::flags::{IS_GNU, IS_OSI_APPROVED};
    let name = licence.name;
    match creative_commons_url(id) {
        Some(url) => url,
        None if licence.flags & IS_OSI_APPROVED != 0 && licence.flags & IS_GNU == 0 => {
            format!("https://opensource.org/licenses/{name}")
        }
        None => format!("https://spdx.org/licenses/{name}.html"),
    }
}

fn creative_commons_url(id: &str) -> Option<String> {
    const ROOT: &str = "https://creativecommons.org";
    match id {
        "cc0-1.0" => return Some(format!("{ROOT}/publicdomain/zero/1.0/legalcode")),
        "cc-pdm-1.0" => return Some(format!("{ROOT}/publicdomain/mark/1.0/")),
        "cc-pddc" => return Some(format!("{ROOT}/licenses/publicdomain/")),
        // Version 1.0 put the conditions in another order.
        "cc-by-nc-nd-1.0" => return Some(format!("{ROOT}/licenses/by-nd-nc/1.0/legalcode")),
        _ => {}
    }
    let rest = id.strip_prefix("cc-")?;
    let version_at = rest.find(|c: char| c.is_ascii_digit())?;
    let (conditions, version) = (rest[..version_at].trim_end_matches('-'), &rest[version_at..]);
    let version = version.replace('-', "/");
    Some(format!("{ROOT}/licenses/{conditions}/{version}/legalcode"))
}

/// What remains of an address when spelling variants are taken out; `None` if nothing does.
fn url_key(url: &str) -> Option<String> {
    let lower = url.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"))?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    let rest = rest.split(['?', '#']).next().unwrap_or(rest).trim_end_matches('/');
    let (parent, last) = rest.rsplit_once('/').unwrap_or((rest, ""));
    let document = last.starts_with("legalcode") || last == "deed" || last.starts_with("deed.");
    let rest = if document { parent } else { rest };
    let suffixes = [".html", ".json", ".txt", ".php"];
    let rest = suffixes.iter().find_map(|suffix| rest.strip_suffix(suffix)).unwrap_or(rest);
    let rest = rest.trim_end_matches('/');
    rest.contains('/').then(|| rest.to_owned())
}

/// Zenodo's licences that are not in the SPDX list: id, name, address. Sorted.
#[rustfmt::skip]
pub(super) const ZENODO: &[(&str, &str, &str)] = &[
    ("against-drm", "Against DRM", "http://www.opendefinition.org/licenses/against-drm"),
    ("dli-model-use", "Statistics Canada: Data Liberation Initiative (DLI) - Model Data Use Licence", ""),
    ("dsl", "Design Science License", "http://www.opendefinition.org/licenses/dsl"),
    ("eurofound", "Eurofound license", "http://www.eurofound.europa.eu/legal-and-data-protection-notices"),
    ("geo-no-fee-unrestricted", "No Fee Unrestricted Use License Agreement For Government Geographic Data (Canada)", ""),
    ("geogratis", "Geogratis Licence Agreement", "http://geogratis.cgdi.gc.ca/geogratis/en/licence.jsp"),
    ("hesa-withrights", "Higher Education Statistics Agency Copyright with data.gov.uk rights", ""),
    ("jabber-osl", "Jabber Open Source License", ""),
    ("localauth-withrights", "Local Authority Copyright with data.gov.uk rights", ""),
    ("lucent-plan9", "Lucent Public License (Plan9)", ""),
    ("met-office-cp", "Met Office UK Climate Projections Licence Agreement", ""),
    ("mitre", "MITRE Collaborative Virtual Workspace License (CVW License)", ""),
    ("notspecified", "License Not Specified", ""),
    ("other-at", "Other (Attribution)", ""),
    ("other-closed", "Other (Not Open)", ""),
    ("other-nc", "Other (Non-Commercial)", ""),
    ("other-open", "Other (Open)", ""),
    ("other-pd", "Other (Public Domain)", ""),
    ("qtpl", "Qt Public License (QPL)", "http://www.opensource.org/licenses/qtpl.php"),
    ("ukclickusepsi", "UK Click Use PSI", ""),
    ("ukcrown", "UK Crown Copyright", ""),
    ("ukcrown-withrights", "UK Crown Copyright with data.gov.uk rights", ""),
    ("ukpsi", "UK PSI Public Sector Information", "http://www.opendefinition.org/licenses/ukpsi"),
    ("user-jsim", "JSIM Software License", "http://www.physiome.org/jsim/download/license.html"),
    ("zenodo-freetoread-1.0", "Free for private use; right holder retains other rights, including distribution", ""),
];

/// Further addresses in use, by [`url_key`], and what they mean.
pub(super) const OTHER_ADDRESSES: &[(&str, &str)] = &[
    ("creativecommons.org/licenses/publicdomain/zero/1.0", "cc0-1.0"),
    ("creativecommons.org/licenses/zero/1.0", "cc0-1.0"),
    ("creativecommons.org/share-your-work/public-domain/cc0", "cc0-1.0"),
    ("nationalarchives.gov.uk/doc/open-government-licence", "ogl-uk-3.0"),
    ("nationalarchives.gov.uk/doc/open-government-licence/version/1", "ogl-uk-1.0"),
    ("nationalarchives.gov.uk/doc/open-government-licence/version/2", "ogl-uk-2.0"),
    ("nationalarchives.gov.uk/doc/open-government-licence/version/3", "ogl-uk-3.0"),
    ("opendatacommons.org/licenses/by/1-0", "odc-by-1.0"),
    ("opendatacommons.org/licenses/odbl/1-0", "odbl-1.0"),
    ("opendatacommons.org/licenses/pddl/1-0", "pddl-1.0"),
];

/// Older id and current id, sorted. Where an id names no version, this follows the mapping
/// that Zenodo applied to its own records, so that both ways into the store agree.
#[rustfmt::skip]
pub(super) const OLDER_IDS: &[(&str, &str)] = &[
    ("agpl-1.0", "agpl-1.0-only"),
    ("agpl-3.0", "agpl-3.0-only"),
    ("agpl-v3", "agpl-3.0-only"),
    ("apache", "apache-1.0"),
    ("apache2.0", "apache-2.0"),
    ("apgl-v3", "agpl-3.0-only"),
    ("apl1.0", "apl-1.0"),
    ("artistic-license-2.0", "artistic-2.0"),
    ("attribution", "aal"),
    ("bsd-2-clause-freebsd", "bsd-2-clause-views"),
    ("bsd-2-clause-netbsd", "bsd-2-clause"),
    ("bsd-license", "bsd-1-clause"),
    ("bsl1.0", "bsl-1.0"),
    ("ca-tosl1.1", "catosl-1.1"),
    ("canada-crown", "ogl-canada-2.0"),
    ("cc-by", "cc-by-1.0"),
    ("cc-by-sa", "cc-by-sa-1.0"),
    ("cc-nc", "cc-by-nc-2.0"),
    ("cc-zero", "cc0-1.0"),
    ("cc0", "cc0-1.0"),
    ("cddl1", "cddl-1.0"),
    ("cpal_1.0", "cpal-1.0"),
    ("cuaoffice", "cua-opl-1.0"),
    ("ecl2", "ecl-2.0"),
    ("eclipse-1.0", "epl-1.0"),
    ("eiffel", "efl-1.0"),
    ("fal", "lal-1.2"),
    ("frameworx", "frameworx-1.0"),
    ("gfdl", "gfdl-1.1-only"),
    ("gfdl-1.1", "gfdl-1.1-only"),
    ("gfdl-1.2", "gfdl-1.2-only"),
    ("gfdl-1.3", "gfdl-1.3-only"),
    ("gpl-1.0", "gpl-1.0-only"),
    ("gpl-1.0+", "gpl-1.0-or-later"),
    ("gpl-2.0", "gpl-2.0-only"),
    ("gpl-2.0+", "gpl-2.0-or-later"),
    ("gpl-3.0", "gpl-3.0-only"),
    ("gpl-3.0+", "gpl-3.0-or-later"),
    ("ibmpl", "ipl-1.0"),
    ("intel-osl", "intel"),
    ("ipafont", "ipa"),
    ("isc-license", "isc"),
    ("lgpl-2.0", "lgpl-2.0-only"),
    ("lgpl-2.0+", "lgpl-2.0-or-later"),
    ("lgpl-2.1", "lgpl-2.1-only"),
    ("lgpl-2.1+", "lgpl-2.1-or-later"),
    ("lgpl-3.0", "lgpl-3.0-only"),
    ("lgpl-3.0+", "lgpl-3.0-or-later"),
    ("lucent1.02", "lpl-1.02"),
    ("mit-license", "mit"),
    ("mozilla", "mpl-1.0"),
    ("mozilla1.1", "mpl-1.1"),
    ("nasa1.3", "nasa-1.3"),
    ("nethack", "ngpl"),
    ("nosl3.0", "nposl-3.0"),
    ("ntp-license", "ntp"),
    ("oclc2", "oclc-2.0"),
    ("odc-by", "odc-by-1.0"),
    ("odc-odbl", "odbl-1.0"),
    ("odc-pddl", "pddl-1.0"),
    ("openfont", "ofl-1.0"),
    ("opengroup", "ogtsl"),
    ("php", "php-3.0"),
    ("pythonpl", "python-2.0"),
    ("pythonsoftfoundation", "psf-2.0"),
    ("real", "rpsl-1.0"),
    ("ricohpl", "rscpl"),
    ("rpl1.5", "rpl-1.5"),
    ("standardml-nj", "smlnj"),
    ("sun-issl", "sissl"),
    ("sunpublic", "spl-1.0"),
    ("sybase", "watcom-1.0"),
    ("uk-ogl", "ogl-uk-1.0"),
    ("uoi-ncsa", "ncsa"),
    ("ver2_eiffel", "efl-2.0"),
    ("vovidapl", "vsl-1.0"),
    ("zlib-license", "zlib"),
    ("zpl", "zpl-1.1"),
];
