//! Amazon S3 behind CloudFront: one JSON object whose parts go into the parts of the two.

use serde_json::{Map, Value, json};

use super::policy::{self, CacheClass};
use super::{Place, fill, regex_any};

const COMMENT: [&str; 10] = [
    "Configuration for Amazon S3 behind CloudFront, printed by `offprint hosting s3`.",
    "FunctionCode: CloudFront function, runtime cloudfront-js-2.0, on viewer request: pages \
     without .html, redirects, Accept. Take it with jq -r .FunctionCode.",
    "ResponseHeadersPolicyConfig: aws cloudfront create-response-headers-policy \
     --response-headers-policy-config.",
    "CustomErrorResponses: part of the distribution's configuration; 403 is what S3 says of \
     objects that are not there.",
    "CORSConfiguration: aws s3api put-bucket-cors --cors-configuration.",
    "ContentTypes and CacheControl: what each object has, set when it is uploaded (aws s3 cp \
     --content-type --cache-control); the first pattern that matches the key wins.",
    "Let the distribution compress objects, and give the bucket no website endpoint: the \
     function does its work.",
    "What S3 cannot do: tombstones are answered 200 with their page, not 410. Methods: allow \
     GET, HEAD and OPTIONS in the distribution.",
    "Other object stores (R2, GCS, MinIO): the same types and cache classes; the function's \
     rules in the worker or proxy before them.",
    "Only after a year of HTTPS that never fails: StrictTransportSecurity in the headers policy.",
];

pub(super) fn print(place: &Place) -> String {
    let errors = [403, 404].map(|code| {
        json!({
            "ErrorCode": code,
            "ResponsePagePath": "/404.html",
            "ResponseCode": "404",
            "ErrorCachingMinTTL": 0,
        })
    });
    let document = json!({
        "Comment": COMMENT,
        "ContentTypes": content_types(),
        "CacheControl": cache(),
        "CORSConfiguration": {"CORSRules": [{
            "AllowedMethods": ["GET", "HEAD"],
            "AllowedOrigins": ["*"],
            "AllowedHeaders": list(preflight("Access-Control-Allow-Headers")),
            "ExposeHeaders": list(header("Access-Control-Expose-Headers")),
            "MaxAgeSeconds": 86400,
        }]},
        "ResponseHeadersPolicyConfig": headers_policy(),
        "CustomErrorResponses": {"Quantity": errors.len(), "Items": errors},
        "FunctionCode": function(place),
    });
    format!("{document:#}\n")
}

fn header(name: &str) -> &'static str {
    policy::HEADERS.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn preflight(name: &str) -> &'static str {
    policy::PREFLIGHT.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}

fn list(value: &str) -> Vec<&str> {
    value.split(", ").collect()
}

fn content_types() -> Vec<Value> {
    let entry = |pattern: String, kind: &str| json!({"Pattern": pattern, "ContentType": kind});
    let exports = policy::export_types()
        .map(|(name, kind)| entry(format!("^records/[^/]+/{}$", regex_any([name])), kind));
    let named = policy::NAMED_TYPES
        .iter()
        .map(|(name, kind)| entry(format!("/{}$", regex_any([*name])), kind));
    let endings = super::endings_by_type()
        .into_iter()
        .map(|(kind, endings)| entry(format!("\\.{}$", regex_any(endings)), kind));
    let rest = entry("".to_owned(), policy::UNKNOWN_TYPE);
    exports.chain(named).chain(endings).chain([rest]).collect()
}

fn cache() -> Vec<Value> {
    let entry = |pattern: String, class: CacheClass| json!({"Pattern": pattern, "CacheControl": class.header()});
    // Keys have no leading slash.
    let immutable = policy::IMMUTABLE_PATTERNS
        .iter()
        .map(|pattern| entry(pattern.replacen("^/", "^", 1), CacheClass::Immutable));
    immutable
        .chain([
            entry(format!("^{}$", regex_any(policy::POINTERS)), CacheClass::Pointer),
            entry("^404\\.html$".to_owned(), CacheClass::Pointer),
            entry(format!("^{}", policy::BADGES), CacheClass::Badge),
            entry(String::new(), CacheClass::Page),
        ])
        .collect()
}

fn headers_policy() -> Value {
    // These have a place of their own in the policy; others are custom.
    const PLACED: [&str; 6] = [
        "Content-Security-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
        "Referrer-Policy",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
    ];
    let custom: Vec<Value> = policy::HEADERS
        .iter()
        .filter(|(name, _)| !PLACED.contains(name))
        .map(|(name, value)| json!({"Header": name, "Value": value, "Override": true}))
        .collect();
    let items = |items: Vec<&str>| json!({"Quantity": items.len(), "Items": items});
    json!({
        "Name": "offprint",
        "Comment": "Security and cross-origin headers of a site printed by offprint",
        "SecurityHeadersConfig": {
            "ContentSecurityPolicy": {
                "Override": true,
                "ContentSecurityPolicy": header("Content-Security-Policy"),
            },
            "ContentTypeOptions": {"Override": true},
            "FrameOptions": {"Override": true, "FrameOption": header("X-Frame-Options")},
            "ReferrerPolicy": {
                "Override": true,
                "ReferrerPolicy": header("Referrer-Policy"),
            },
        },
        "CorsConfig": {
            "AccessControlAllowOrigins": items(vec![header("Access-Control-Allow-Origin")]),
            "AccessControlAllowMethods": items(vec!["GET", "HEAD"]),
            "AccessControlAllowHeaders": items(list(preflight("Access-Control-Allow-Headers"))),
            "AccessControlExposeHeaders": items(list(header("Access-Control-Expose-Headers"))),
            "AccessControlAllowCredentials": false,
            "AccessControlMaxAgeSec": 86400,
            "OriginOverride": true,
        },
        "CustomHeadersConfig": {"Quantity": custom.len(), "Items": custom},
    })
}

fn function(place: &Place) -> String {
    let text = |value: Value| value.to_string();
    let exports: Map<String, Value> = policy::export_names(&place.exports)
        .into_iter()
        .map(|(fmt, file)| (fmt.to_owned(), file.into()))
        .collect();
    let endings = regex_any(policy::TYPES.iter().map(|(ending, _)| *ending));
    let named = regex_any(policy::NAMED_TYPES.iter().map(|(name, _)| *name));
    fill(
        include_str!("function.js"),
        &[
            ("PREFIX", &text(place.prefix.as_str().into())),
            ("EXPORTS", &text(exports.into())),
            ("MOVED", &text(json!(policy::MOVED))),
            ("ACCEPT", &text(json!(policy::negotiated(&place.exports)))),
            ("HTML", &text(json!(policy::HTML_TYPES))),
            ("FOLDERS", &text(json!(policy::FOLDERS))),
            ("FILE", &text(format!("\\.{endings}$|/{named}$").into())),
            ("CACHE_PAGE", CacheClass::Page.header()),
            ("NO_STORE", policy::NO_STORE),
            ("API", policy::API_EXPORT.file_name()),
        ],
    )
}
