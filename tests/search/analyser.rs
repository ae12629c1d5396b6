//! `analyser.ndjson`: what the browser's client is held to as well.

use offprint::release::search::analyse::Analyser;
use serde_json::{Value, json};

#[test]
fn vectors_hold() {
    let mut analyser = Analyser::new();
    let lines = include_str!("analyser.ndjson");
    for line in lines.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let text = vector["text"].as_str().unwrap();
        let tokens = analyser.collect(text);
        let stems: Vec<_> = tokens.iter().map(|token| analyser.stem(token)).collect();
        assert_eq!(json!({"text": text, "tokens": tokens, "stems": stems}), vector);
    }
    assert!(lines.lines().count() > 150);
}
