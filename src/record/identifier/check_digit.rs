//! Check digit algorithms.

/// ISO 7064 MOD 11-2 over digits with a final digit or `X`: ORCID, ISNI.
pub(super) fn mod_11_2(characters: &[u8]) -> bool {
    let Some((&check, body)) = characters.split_last() else { return false };
    let mut total = 0u32;
    for byte in body {
        if !byte.is_ascii_digit() {
            return false;
        }
        total = (total + u32::from(byte - b'0')) * 2 % 11;
    }
    digit_or_x(check) == Some((12 - total) % 11)
}

/// Weighted sum modulo 11 with falling weights that end at 1: ISSN, ISBN-10.
pub(super) fn mod_11_weighted(characters: &[u8]) -> bool {
    let Some((&check, body)) = characters.split_last() else { return false };
    let mut total = 0u32;
    for (weight, byte) in (2..).zip(body.iter().rev()) {
        if !byte.is_ascii_digit() {
            return false;
        }
        total += weight * u32::from(byte - b'0');
    }
    digit_or_x(check).is_some_and(|check| (total + check).is_multiple_of(11))
}

/// GS1: weights 1 and 3 from the right, modulo 10: EAN-13, UPC, ISBN-13.
pub(super) fn gs1(characters: &[u8]) -> bool {
    let mut total = 0u32;
    for (position, byte) in characters.iter().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return false;
        }
        total += u32::from(byte - b'0') * if position % 2 == 0 { 1 } else { 3 };
    }
    !characters.is_empty() && total.is_multiple_of(10)
}

/// ROR: `0`, six Crockford base32 characters, two check digits by ISO 7064 MOD 97-10.
pub(super) fn ror(characters: &[u8]) -> bool {
    const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    if characters.len() != 9 || characters[0] != b'0' {
        return false;
    }
    let mut number = 0u64;
    for byte in &characters[1..7] {
        let Some(value) = CROCKFORD.iter().position(|known| known == byte) else { return false };
        number = number * 32 + value as u64;
    }
    let check = &characters[7..];
    check.iter().all(u8::is_ascii_digit)
        && u64::from(check[0] - b'0') * 10 + u64::from(check[1] - b'0') == 98 - (number * 100) % 97
}

/// ISTC (ISO 21047): 16 hexadecimal characters, weights 11, 9, 3, 1, modulo 16.
pub(super) fn istc(characters: &[u8]) -> bool {
    let mut total = 0;
    let Some((&check, body)) = characters.split_last() else { return false };
    for (position, byte) in body.iter().enumerate() {
        let Some(value) = char::from(*byte).to_digit(16) else { return false };
        total += value * [11, 9, 3, 1][position % 4];
    }
    characters.len() == 16 && char::from(check).to_digit(16) == Some(total % 16)
}

fn digit_or_x(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some(u32::from(byte - b'0')),
        b'X' | b'x' => Some(10),
        _ => None,
    }
}
