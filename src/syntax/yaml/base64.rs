//! Standard base64 with padding, for `!!binary`.

/// The bytes that a text stands for; line breaks in it do not count.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut sextets = Vec::with_capacity(text.len());
    let mut padding = 0;
    for byte in text.bytes() {
        let sextet = match byte {
            b'\n' | b'\r' => continue,
            b'=' => {
                padding += 1;
                continue;
            }
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        if padding > 0 {
            return None;
        }
        sextets.push(sextet);
    }
    if padding > 2 || (sextets.len() + padding) % 4 != 0 {
        return None;
    }
    let mut bytes = Vec::with_capacity(sextets.len() / 4 * 3 + 2);
    for group in sextets.chunks(4) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, &sextet| bits << 6 | u32::from(sextet));
        let bits = bits << (6 * (4 - group.len()));
        let [_, a, b, c] = bits.to_be_bytes();
        bytes.extend([a, b, c].iter().take(group.len() - 1));
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_go_decodes() {
        for (text, expected) in [
            ("", Some("")),
            ("aGk=", Some("hi")),
            ("aA==", Some("h")),
            ("aGlo", Some("hih")),
            ("aG\nk=\n", Some("hi")),
            ("aGk", None),
            ("a===", None),
            ("====", None),
            ("aGk=aGk=", None),
            ("aG k=", None),
        ] {
            assert_eq!(
                decode(text).as_deref(),
                expected.map(str::as_bytes),
                "{text:?}"
            );
        }
    }
}
