//! What a person types, and the record that should be among the first three.

use std::path::PathBuf;

use serde::Deserialize;

use super::repository::Repository;

#[derive(Debug, Deserialize)]
struct Question {
    query: String,
    /// Id of the record, or of any of several that would do.
    expect: Vec<String>,
}

#[test]
fn real_records_are_found() {
    let Some(data) = std::env::var_os("OFFPRINT_REFERENCE_DATA").map(PathBuf::from) else {
        println!("skipped: OFFPRINT_REFERENCE_DATA is not set");
        return;
    };
    let sources = ["zenodo-legacy-api", "inveniordm", "datacite-json", "biotools"];
    let files: Vec<PathBuf> =
        sources.iter().map(|name| data.join(name)).filter(|dir| dir.exists()).collect();
    let repository = Repository::of(&files);
    repository.build(1, 2);
    let lines = include_str!("questions.ndjson").lines();
    let questions: Vec<Question> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    let missed: Vec<String> = questions
        .iter()
        .filter_map(|question| {
            let answer = repository.search(&question.query);
            let first: Vec<String> = answer.hits.iter().take(3).map(|hit| hit.id.clone()).collect();
            let found = first.iter().any(|id| question.expect.contains(id));
            (!found).then(|| format!("{question:?}: {first:?}"))
        })
        .collect();
    println!("{} questions, {} missed: {missed:#?}", questions.len(), missed.len());
    assert!(questions.len() >= 40 && missed.len() * 10 <= questions.len(), "{missed:#?}");
}
