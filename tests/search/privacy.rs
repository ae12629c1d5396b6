//! What is not public is in no byte of the index.

use offprint::release::search::tables::inflated;
use serde_json::{Value, json};

use super::repository::{Repository, synthetic};

#[test]
fn only_public_fields_of_public_records_are_found() {
    let mut lines = Vec::new();
    for (number, line) in synthetic(60).lines().enumerate() {
        let mut record: Value = serde_json::from_str(line).unwrap();
        let canary = format!("secretcanary{number}");
        record["internal_notes"] = json!([{"note": canary}]);
        record["stats"] = json!({"note": canary});
        record["parent"]["access"] = json!({"owned_by": {"user": canary}});
        if number.is_multiple_of(3) {
            record["access"]["record"] = "restricted".into();
            record["metadata"]["title"] = canary.clone().into();
            record["metadata"]["description"] = canary.clone().into();
            record["metadata"]["creators"][0]["person_or_org"]["name"] = canary.clone().into();
        }
        record["access"]["embargo"] = json!({"active": false, "reason": canary});
        lines.push(record.to_string());
    }
    let repository = Repository::of_lines(&lines.join("\n"));
    repository.build(1, 1);
    for number in 0..60 {
        assert_eq!(repository.search(&format!("secretcanary{number}")).total, 0);
    }
    assert_eq!(repository.search("secretcanary*").total, 0);
    assert!(repository.search("type:dataset").total > 0);
    for (path, bytes) in repository.files() {
        assert!(!holds(&bytes), "{path}");
        // Cards and words are compressed, in parts that begin at any byte as far as this
        // test knows.
        for start in 0..bytes.len() {
            if let Some(inside) = inflated(&bytes[start..], &[], 1 << 20) {
                assert!(!holds(&inside), "{path} from {start}");
            }
        }
    }
}

fn holds(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes).to_lowercase().contains("canary")
}
