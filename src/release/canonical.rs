//! Canonical JSON: one value, one spelling.
//!
//! RFC 8785 restricted to what releases hold: objects with members sorted by name, no white
//! space, the shortest escapes, integers only; and one line feed at the end, so that the file is
//! a text file. Names are ASCII, so sorting by bytes and by UTF-16 units agree.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The value could not be turned into JSON at all.
    #[error("cannot be written as JSON")]
    Json(#[from] serde_json::Error),
    /// A number that is not an integer: its spelling would not be one.
    #[error("{0} is not an integer")]
    NotInteger(String),
}

/// The canonical bytes of `value`, with one line feed at the end.
///
/// # Errors
/// When `value` holds a fraction or refuses to serialise. `O(size)` memory.
pub fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut out = Vec::new();
    write(&serde_json::to_value(value)?, &mut out)?;
    out.push(b'\n');
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Object(members) => {
            // Sorted here, not left to the map type: a feature of serde_json switched on by any
            // other crate would change it.
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            separated(b"{}", sorted, out, |(name, value), out| {
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                write(value, out)
            })
        }
        Value::Array(items) => separated(b"[]", items, out, write),
        Value::Number(n) if !(n.is_u64() || n.is_i64()) => {
            Err(CanonicalError::NotInteger(n.to_string()))
        }
        scalar => Ok(serde_json::to_writer(out, scalar)?),
    }
}

fn separated<I: IntoIterator>(
    brackets: &[u8; 2],
    items: I,
    out: &mut Vec<u8>,
    mut item: impl FnMut(I::Item, &mut Vec<u8>) -> Result<(), CanonicalError>,
) -> Result<(), CanonicalError> {
    out.push(brackets[0]);
    for (i, each) in items.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        item(each, out)?;
    }
    out.push(brackets[1]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_bytes() {
        let cases = [
            (r#"{"b":1,"a":[{"d":null,"c":true}]}"#, r#"{"a":[{"c":true,"d":null}],"b":1}"#),
            (r#" [ ] "#, "[]"),
            (r#"{"a":"é\u0007\/\u00e9\n"}"#, r#"{"a":"é\u0007/é\n"}"#),
            (r#"[18446744073709551615,-1]"#, "[18446744073709551615,-1]"),
        ];
        for (input, want) in cases {
            let value: Value = serde_json::from_str(input).unwrap();
            assert_eq!(String::from_utf8(to_bytes(&value).unwrap()).unwrap(), format!("{want}\n"));
        }
    }

    #[test]
    fn a_fraction_is_refused() {
        let error = to_bytes(&serde_json::json!({"a": 0.5})).unwrap_err();
        assert_eq!(error.to_string(), "0.5 is not an integer");
    }
}
