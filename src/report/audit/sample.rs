//! Releases drawn for a closer look, so that anybody who has the seed draws the same ones.

use serde::Serialize;

use super::Release;
use crate::report::text::sha256_hex;

/// The drawn releases.
#[derive(Debug, Serialize)]
pub(super) struct Sample {
    /// What the draw depends on.
    pub(super) seed: String,
    /// How it is drawn.
    pub(super) method: &'static str,
    /// The tags, in the order in which they were drawn.
    pub(super) tags: Vec<String>,
}

const METHOD: &str = "the releases with the lowest SHA-256 of \"SEED TAG\"";

/// Draws `size` releases. Without a seed of the auditor's own, it is made of the repository's name and its last release.
pub(super) fn draw(
    releases: &[Release],
    size: usize,
    seed: Option<String>,
    repository: &str,
) -> Sample {
    let seed = seed.unwrap_or_else(|| {
        let last = releases
            .last()
            .map_or("", |release| release.commit.as_str());
        let digest = sha256_hex(format!("{repository} {last}").as_bytes());
        digest.chars().take(12).collect()
    });
    let mut drawn: Vec<(String, &str)> = releases
        .iter()
        .map(|release| {
            let ticket = sha256_hex(format!("{seed} {}", release.tag).as_bytes());
            (ticket, release.tag.as_str())
        })
        .collect();
    drawn.sort();
    Sample {
        method: METHOD,
        tags: drawn
            .into_iter()
            .take(size)
            .map(|(_, tag)| tag.to_owned())
            .collect(),
        seed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_can_be_repeated() {
        let release = |tag: &str| Release {
            tag: tag.to_owned(),
            ..Release::default()
        };
        let releases: Vec<Release> = (0..9).map(|n| release(&format!("v1.{n}.0"))).collect();
        // for n in 0 1 2 3 4 5 6 7 8; do printf '2026 v1.%s.0' $n | sha256sum; done | sort
        let drawn = draw(&releases, 3, Some("2026".to_owned()), "cellar");
        assert_eq!(drawn.tags.len(), 3);
        assert_eq!(
            drawn.tags,
            draw(&releases, 9, Some("2026".to_owned()), "x").tags[..3]
        );
        assert_ne!(
            drawn.tags,
            draw(&releases, 3, Some("2027".to_owned()), "cellar").tags
        );
        assert_eq!(draw(&[], 3, None, "cellar").tags, [""; 0]);
    }
}
