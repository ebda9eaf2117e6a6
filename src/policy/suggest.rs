//! The name that was probably meant.

/// The candidate that is nearest to `name`, if one is near enough to be what was meant.
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let name: Vec<char> = name.chars().take(64).collect();
    // Of one letter nothing can be guessed: every other letter is as near.
    let allowed = if name.len() < 2 {
        0
    } else {
        (name.len() / 3).clamp(1, 3)
    };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            // The beginning of a long name is what people remember of it.
            if name.len() > 3 && candidate.chars().take(name.len()).eq(name.iter().copied()) {
                return Some((distance(&name, candidate).min(3), candidate));
            }
            let distance = distance(&name, candidate);
            (distance <= allowed).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// The number of letters to insert, delete, replace or swap with a neighbour; case counts as half a difference, so that
/// `releasetype` is near `releaseType`, and `a` is not near `B`.
fn distance(name: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().take(64).collect();
    let width = candidate.len() + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..width).map(|n| n * 2).collect()];
    for (i, &a) in name.iter().enumerate() {
        let mut row = vec![(i + 1) * 2; width];
        for (j, &b) in candidate.iter().enumerate() {
            let cost = match a == b {
                true => 0,
                false if a.eq_ignore_ascii_case(&b) => 1,
                false => 2,
            };
            let mut best = (rows[i][j] + cost).min(rows[i][j + 1] + 2).min(row[j] + 2);
            if i > 0 && j > 0 && a == candidate[j - 1] && name[i - 1] == b {
                best = best.min(rows[i - 1][j - 1] + 2);
            }
            row[j + 1] = best;
        }
        rows.push(row);
    }
    rows.last()
        .and_then(|row| row.last())
        .map_or(0, |distance| distance.div_ceil(2))
}

/// `did you mean ...?`, or nothing.
pub fn did_you_mean<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |name| format!("did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        let fields = [
            "destructive",
            "releaseType",
            "path",
            "dataLoss",
            "kind",
            "origin",
        ];
        for (name, expected) in [
            ("descructive", Some("destructive")),
            ("releasetype", Some("releaseType")),
            ("release_type", Some("releaseType")),
            ("pth", Some("path")),
            ("paht", Some("path")),
            ("dataloss", Some("dataLoss")),
            ("destruct", Some("destructive")),
            ("something", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, fields), expected, "{name}");
        }
    }

    #[test]
    fn distances() {
        for (one, other, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("drop-colum", "drop-column", 1),
            ("kitten", "sitting", 3),
        ] {
            let one: Vec<char> = one.chars().collect();
            assert_eq!(distance(&one, other), expected, "{one:?} {other}");
        }
    }
}
