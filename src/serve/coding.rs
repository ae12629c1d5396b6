//! Which precompressed variant a client takes (RFC 9110 §12.5.3), as a function of header text.

use crate::release::encoding::Encoding;

/// Codings that the client accepts, best first; those it likes less than no coding are left out.
///
/// Equal preferences: zstd before gzip, because it decompresses faster.
pub(crate) fn accepted(accept_encoding: &str) -> Vec<Encoding> {
    let weights: Vec<(&str, u16)> = accept_encoding.split(',').filter_map(weight).collect();
    let of = |name: &str| {
        let named = |wanted: &str| {
            weights.iter().find(|(have, _)| have.eq_ignore_ascii_case(wanted)).map(|(_, q)| *q)
        };
        named(name).or_else(|| named("*"))
    };
    // Plain is acceptable unless refused, but nobody's first choice unless said so.
    let plain = weights.iter().find(|(name, _)| name.eq_ignore_ascii_case("identity"));
    let plain = plain.map_or(0, |(_, q)| *q);
    let mut found: Vec<(u16, Encoding)> = Encoding::ALL
        .into_iter()
        .filter_map(|encoding| Some((of(encoding.name())?, encoding)))
        .filter(|(q, _)| *q > 0 && *q >= plain)
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, encoding)| encoding).collect()
}

/// One item of the list with its weight in thousandths; `None` for what is malformed.
fn weight(item: &str) -> Option<(&str, u16)> {
    let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
    let name = name.trim();
    let q = match parameters.trim().split_once('=') {
        None if parameters.trim().is_empty() => 1.0,
        Some((q, value)) if q.trim().eq_ignore_ascii_case("q") => {
            value.trim().parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q))?
        }
        _ => return None,
    };
    // In 0..=1000 by the line above.
    (!name.is_empty()).then_some((name, (q * 1000.0) as u16))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Encoding::{Gzip, Zstd};

    #[test]
    fn preferences_are_weighed() {
        let cases: &[(&str, &[Encoding])] = &[
            ("", &[]),
            ("gzip", &[Gzip]),
            ("GZIP", &[Gzip]),
            ("gzip, deflate, br, zstd", &[Zstd, Gzip]),
            ("gzip;q=1.0, zstd;q=0.5", &[Gzip, Zstd]),
            ("gzip ; q=0.2 , zstd; Q=0.9", &[Zstd, Gzip]),
            ("*", &[Zstd, Gzip]),
            ("*;q=0.5, gzip", &[Gzip, Zstd]),
            ("*, zstd;q=0", &[Gzip]),
            ("gzip;q=0", &[]),
            ("gzip;q=0.000", &[]),
            ("identity", &[]),
            ("identity, gzip;q=0.5", &[]),
            ("identity;q=0.5, gzip;q=0.5", &[Gzip]),
            ("identity;q=0, *;q=0.1", &[Zstd, Gzip]),
            ("br", &[]),
            ("gzip;q=2", &[]),
            ("gzip;q=x", &[]),
            ("gzip;level=9", &[]),
            (",,;,gzip", &[Gzip]),
        ];
        for (header, expected) in cases {
            assert_eq!(accepted(header), *expected, "{header:?}");
        }
    }
}
