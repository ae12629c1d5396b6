//! Hosts that cannot be run here: their files have the right grammar, fit their limits, and say
//! what the policy says.

use std::collections::BTreeMap;
use std::process::Command;

use offprint::build::hosting::policy;

use crate::servers::{printed, tool};
use crate::site::Site;

const BASE: &str = "https://repository.example";

fn print(host: &str, arguments: &[&str], base: &str) -> String {
    printed(&Site::new(), &[&[host, "--root", "/srv/site"], arguments].concat(), base)
}

#[test]
fn what_is_printed_is_known() {
    for host in ["nginx", "caddy", "apache", "netlify", "cloudflare", "s3"] {
        let text = print(host, &[], BASE);
        assert!(!text.contains('@') || host == "caddy" || host == "nginx", "{host}: {text}");
        assert_eq!(text, print(host, &[], BASE), "{host} is a function of its arguments");
        insta::with_settings!({snapshot_path => "snapshots", prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(host, text);
        });
    }
}

#[test]
fn places_that_would_break_out_of_a_configuration_are_refused() {
    let site = Site::new();
    for (arguments, base) in [
        (&["nginx", "--root", "/srv/\"; evil"][..], BASE),
        (&["nginx", "--root", "/srv/a\nb"], BASE),
        (&["caddy", "--root", "/srv/{env.SECRET}"], BASE),
        (&["nginx", "--listen", "80; evil"], BASE),
        (&["nginx", "--listen", ""], BASE),
        (&["nginx"], "https://repository.example;evil"),
        (&["nginx"], "https://repository.example/a/../b"),
        (&["nginx"], "https://repository.example/$uri"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offprint"));
        command.env_clear().arg("-C").arg(site.repo()).arg("hosting").args(arguments);
        let output = command.arg("--set").arg(format!("repository.base_url={base}")).output();
        let output = output.unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {base}");
        assert_eq!(output.stdout, b"");
    }
}

/// A rule's path as the two hosts of `_headers` read it.
fn matches(rule: &str, path: &str) -> bool {
    match (rule.chars().next(), path.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = &rule[1..];
            (0..=path.len()).any(|at| path.is_char_boundary(at) && matches(rest, &path[at..]))
        }
        (Some(':'), _) => {
            let end = rule.find('/').unwrap_or(rule.len());
            let segment = path.find('/').unwrap_or(path.len());
            segment > 0 && matches(&rule[end..], &path[segment..])
        }
        (Some(a), Some(b)) if a == b => matches(&rule[a.len_utf8()..], &path[b.len_utf8()..]),
        _ => false,
    }
}

type Rules = Vec<(String, Vec<(String, String)>)>;

/// What all hosts of path rules must give.
fn check_rules(host: &str, rules: &Rules) {
    assert!(rules.len() <= 100, "{host}: {} rules", rules.len());
    let of = |path: &str| {
        let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (_, given) in rules.iter().filter(|(rule, _)| matches(rule, path)) {
            for (name, value) in given {
                headers.entry(name).or_default().push(value);
            }
        }
        headers
    };
    let paths = [
        "/",
        "/records/1",
        "/records/1/record.json",
        "/records/1/datacite.xml",
        "/records/1/schema-org.jsonld",
        "/records/1/citation.bib",
        "/records/1/linkset.json",
        "/badge/DOI/10.5281/zenodo.1.svg",
        "/assets/style.0a1b2c3d.css",
        "/dumps/pool/native-json/n0-0a1b2c3d4e5f.jsonl.zst",
        "/dumps/20261101T000000Z/SHA256SUMS",
        "/dumps/20261101T000000Z/exceptions.ndjson",
        "/communities/c/feed.atom",
        "/.well-known/resourcesync",
    ];
    for path in paths {
        let headers = of(path);
        for (name, values) in &headers {
            assert_eq!(values.len(), 1, "{host} {path}: {name} from two rules: {values:?}");
        }
        for (name, value) in policy::HEADERS {
            assert_eq!(headers.get(name), Some(&vec![value]), "{host} {path}");
        }
        if let Some(kind) = headers.get("Content-Type") {
            assert_eq!(kind[0], policy::media_type(&path[1..]), "{host} {path}");
        }
        if let Some(cache) = headers.get("Cache-Control") {
            assert_eq!(cache[0], policy::cache_class(&path[1..]).header(), "{host} {path}");
        }
    }
    for path in ["/records/1/record.json", "/records/1/citation.bib", "/communities/c/feed.atom"] {
        assert!(of(path).contains_key("Content-Type"), "{host} {path}");
    }
    for path in ["/assets/style.0a1b2c3d.css", "/badge/DOI/10.5281/zenodo.1.svg"] {
        assert!(of(path).contains_key("Cache-Control"), "{host} {path}");
    }
}

fn check_redirects(host: &str, redirects: &[(String, String, u16)]) {
    assert!(redirects.len() <= 100, "{host}: {} redirects", redirects.len());
    for (from, to, status) in redirects {
        assert!(from.starts_with('/') && to.starts_with('/'), "{host}: {from} {to}");
        assert!(matches!(status, 200 | 301), "{host}: {from} {status}");
        assert_eq!(from.contains('*'), to.contains(":splat"), "{host}: {from} {to}");
        assert_eq!(from.contains(":id"), to.contains(":id"), "{host}: {from} {to}");
    }
    let has = |from: &str, to: &str| {
        redirects.iter().any(|(have, target, _)| have == from && target == to)
    };
    assert!(has("/record/*", "/records/:splat"));
    assert!(has("/badge/doi/*", "/badge/DOI/:splat"));
    assert!(has("/records/:id/export/hx", "/records/:id/citation.bib"));
    assert!(has("/api/records/:id", "/records/:id/record.json"));
}

#[test]
fn netlify_toml_says_the_policy() {
    let table: toml::Table = print("netlify", &[], BASE).parse().unwrap();
    assert_eq!(table["build"]["publish"].as_str(), Some("/srv/site"));
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let rules: Rules = table["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let values = rule["values"].as_table().unwrap();
            (text(&rule["for"]), values.iter().map(|(n, v)| (n.clone(), text(v))).collect())
        })
        .collect();
    check_rules("netlify", &rules);
    let redirects: Vec<_> = table["redirects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| {
            let status = u16::try_from(rule["status"].as_integer().unwrap()).unwrap();
            (text(&rule["from"]), text(&rule["to"]), status)
        })
        .collect();
    check_redirects("netlify", &redirects);
}

/// The lines of one part of what is printed for Cloudflare, without comments and empty lines.
fn part<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let (_, rest) = text.split_once(&format!("# ==> {name} <==\n")).unwrap();
    let part = rest.split("# ==> ").next().unwrap();
    part.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn cloudflare_files_say_the_policy() {
    let text = print("cloudflare", &[], BASE);
    let mut rules: Rules = Vec::new();
    for line in part(&text, "_headers") {
        assert!(line.len() <= 2000, "a line may have 2,000 characters: {line}");
        match line.strip_prefix("  ") {
            Some(header) => {
                let (name, value) = header.split_once(": ").unwrap();
                rules.last_mut().unwrap().1.push((name.to_owned(), value.to_owned()));
            }
            None => {
                assert!(line.starts_with('/') && line.matches('*').count() <= 1, "{line}");
                rules.push((line.to_owned(), Vec::new()));
            }
        }
    }
    check_rules("cloudflare", &rules);
    let redirects: Vec<_> = part(&text, "_redirects")
        .into_iter()
        .map(|line| {
            let fields: Vec<&str> = line.split(' ').collect();
            let [from, to, status] = fields[..] else { panic!("{line}") };
            (from.to_owned(), to.to_owned(), status.parse().unwrap())
        })
        .collect();
    check_redirects("cloudflare", &redirects);
}

#[test]
fn s3_parts_have_their_shape() {
    let text = print("s3", &[], BASE);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let policy_config = &document["ResponseHeadersPolicyConfig"];
    let security = &policy_config["SecurityHeadersConfig"];
    assert_eq!(
        security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
        policy::HEADERS[0].1,
        "{security}"
    );
    // CloudFront knows these values only.
    assert_eq!(security["FrameOptions"]["FrameOption"], "DENY");
    assert_eq!(security["ReferrerPolicy"]["ReferrerPolicy"], "strict-origin-when-cross-origin");
    for (list, count) in [
        ("AccessControlAllowHeaders", 5),
        ("AccessControlExposeHeaders", 6),
        ("AccessControlAllowMethods", 2),
    ] {
        let part = &policy_config["CorsConfig"][list];
        assert_eq!(part["Quantity"], count, "{list}");
        assert_eq!(part["Items"].as_array().unwrap().len(), count, "{list}");
    }
    let code = document["FunctionCode"].as_str().unwrap();
    assert!(code.len() <= 10_240, "a function may have 10 KB: {}", code.len());
    for list in ["ContentTypes", "CacheControl"] {
        let last = document[list].as_array().unwrap().last().unwrap();
        assert_eq!(last["Pattern"], "", "{list} must end in what matches everything");
    }
}

/// The function for CloudFront, asked by a real JavaScript engine.
#[test]
fn the_cloudfront_function_walks_the_paths() {
    let Some(node) = tool("node") else { return };
    let cases = [
        ("/", "", "/index.html"),
        ("/records/1", "", "/records/1.html"),
        ("/records/x-4.v1.json", "", "/records/x-4.v1.json.html"),
        ("/records/1", "text/html, application/x-bibtex", "/records/1.html"),
        ("/records/1", "application/x-bibtex", "303 /records/1/citation.bib"),
        ("/records/1/record.json", "", "/records/1/record.json"),
        ("/records/1/latest", "", "/records/1/latest.html"),
        ("/records/1/", "", "301 /records/1"),
        ("/records/1.html", "", "301 /records/1"),
        ("/index.html", "", "301 /"),
        ("/dumps", "", "301 /dumps/"),
        ("/dumps/", "", "/dumps/index.html"),
        ("/dumps/index.html", "", "301 /dumps/"),
        ("/dumps/20261101T000000Z/SHA256SUMS", "", "/dumps/20261101T000000Z/SHA256SUMS"),
        ("/dumps/pool/x/n0-0a1b2c3d4e5f.tar.zst", "", "/dumps/pool/x/n0-0a1b2c3d4e5f.tar.zst"),
        ("/doi/10.5281/zenodo.1", "", "/doi/10.5281/zenodo.1.html"),
        ("/doi/10.1000/a.json", "", "/doi/10.1000/a.json.html"),
        ("/record/1", "", "301 /records/1"),
        ("/record/1/export/hx", "", "301 /records/1/citation.bib"),
        ("/records/1/export/docx", "", "/404.html"),
        ("/badge/doi/10.5281/zenodo.1.svg", "", "301 /badge/DOI/10.5281/zenodo.1.svg"),
        ("/api/records/1", "", "/records/1/record.json"),
        ("/404.html", "", "/404.html"),
        ("/.git/config", "", "/404.html"),
        ("/.well-known/resourcesync", "", "/.well-known/resourcesync"),
        ("//evil.example/x/", "", "/404.html"),
        ("/a/%2e%2e/b", "", "/404.html"),
    ];
    for prefix in ["", "/archive"] {
        let text = print("s3", &[], &format!("{BASE}{prefix}"));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        let code = document["FunctionCode"].as_str().unwrap();
        let script = format!(
            "{code}\nfor (const [uri, accept] of JSON.parse(process.argv[1])) {{\n\
             const headers = accept ? {{accept: {{value: accept}}}} : {{}};\n\
             const out = handler({{request: {{uri, headers, querystring: {{}}}}}});\n\
             console.log(out.statusCode ? out.statusCode + ' ' + out.headers.location.value : out.uri);\n}}"
        );
        let asked: Vec<(String, &str)> =
            cases.iter().map(|(uri, accept, _)| (format!("{prefix}{uri}"), *accept)).collect();
        let mut command = Command::new(&node);
        command.arg("-e").arg(script).arg(serde_json::to_string(&asked).unwrap());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let answers = String::from_utf8(output.stdout).unwrap();
        for ((uri, accept, expected), answer) in cases.iter().zip(answers.lines()) {
            let expected = match expected.split_once(' ') {
                Some((status, to)) => format!("{status} {prefix}{to}"),
                None => (*expected).to_owned(),
            };
            assert_eq!(answer, expected, "{prefix}{uri} {accept}");
        }
        assert_eq!(answers.lines().count(), cases.len());
    }
}
