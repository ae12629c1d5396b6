//! Cloudflare Pages and Workers static assets: `_headers` and `_redirects`.

use std::fmt::Write as _;

use super::Place;
use super::pages;

const HEAD: &str = "\
# Cloudflare configuration, printed by `offprint hosting cloudflare`: two files for the web root,
# each begun by a line `# ==> name <==`. To split them there:
#
#   offprint hosting cloudflare | awk '/^# ==> /{name=$3} name{print > name}'
#
# Cloudflare finds /records/1 in records/1.html, sends 404.html for what is missing, compresses,
# and answers ranges and conditions by itself. What it cannot do: tombstones are answered 200
# with their page, not 410; `Accept` is not looked at; a file may have 25 MiB and a site 20,000
# files (100,000 in paid plans), so put dumps and large repositories into R2 (see
# `offprint hosting s3`).
";

pub(super) fn print(place: &Place) -> String {
    let mut text = format!("{HEAD}\n# ==> _headers <==\n");
    text.push_str("# Security, caches, types.\n");
    for rule in pages::rules(place) {
        let _ = writeln!(text, "{}", rule.path);
        for (name, value) in rule.headers {
            let _ = writeln!(text, "  {name}: {value}");
        }
    }
    text.push_str("\n# ==> _redirects <==\n");
    text.push_str("# Older addresses, and those without a file of their own.\n");
    for rule in pages::redirects(place) {
        let _ = writeln!(text, "{} {} {}", rule.from, rule.to, rule.status);
    }
    text
}
