//! Netlify: `netlify.toml`.

use std::fmt::Write as _;

use super::Place;
use super::pages;

const HEAD: &str = "\
# Netlify configuration, printed by `offprint hosting netlify`.
#
# Save it as netlify.toml where `netlify deploy` is run. Netlify finds /records/1 in
# records/1.html, sends 404.html for what is missing, compresses, and answers ranges and
# conditions by itself. What it cannot do: tombstones are answered 200 with their page, not 410,
# and `Accept` is not looked at.
";

pub(super) fn print(place: &Place) -> String {
    let mut text = format!("{HEAD}\n[build]\n  publish = \"{}\"\n", place.root);
    text.push_str("  command = \"true\"\n\n# Keep addresses and files as they were written.\n");
    text.push_str("[build.processing]\n  skip_processing = true\n");
    text.push_str("\n# Older addresses, and those without a file of their own.\n");
    for rule in pages::redirects(place) {
        let _ = write!(
            text,
            "[[redirects]]\n  from = \"{}\"\n  to = \"{}\"\n  status = {}\n",
            rule.from, rule.to, rule.status
        );
    }
    text.push_str("\n# Security, caches, types.\n");
    for rule in pages::rules(place) {
        let _ = write!(text, "[[headers]]\n  for = \"{}\"\n  [headers.values]\n", rule.path);
        for (name, value) in rule.headers {
            let _ = writeln!(text, "    {name} = \"{value}\"");
        }
    }
    text
}
