//! Which of a chart's images carries the release. Several may; none is guessed.

use super::{Chart, Image, TagSource};

/// The image that carries the release: the configured one, else the only one, else the only one that is named like the
/// chart or the project, else the only one that follows the appVersion. `None` when it cannot be told.
pub fn release_image(chart: &Chart, project: &str) -> Option<Image> {
    if let Some(key) = &chart.image_tag {
        return configured(&chart.images, key);
    }
    let all: Vec<&Image> = chart.images.iter().collect();
    let names = [chart.state.name(), project];
    let named: Vec<&Image> = all
        .iter()
        .copied()
        .filter(|image| {
            let last = image.repository.rsplit('/').next().unwrap_or("");
            !last.is_empty() && names.contains(&last)
        })
        .collect();
    let following: Vec<&Image> = all
        .iter()
        .copied()
        .filter(|image| image.source == TagSource::AppVersion)
        .collect();
    [all, named, following]
        .iter()
        .find_map(|candidates| only(candidates))
        .cloned()
}

/// The image of a key; for a global key that is empty, the one of those that follow the appVersion in its place.
fn configured(images: &[Image], key: &str) -> Option<Image> {
    let own: Vec<&Image> = images.iter().filter(|image| image.key == key).collect();
    if !own.is_empty() {
        // Images that share a tag may differ in their repositories.
        let same_tag = own
            .iter()
            .all(|image| image.tag == own[0].tag && image.digest == own[0].digest);
        return same_tag.then(|| own[0].clone());
    }
    if !key.starts_with("global.") {
        return None;
    }
    let following: Vec<&Image> = images
        .iter()
        .filter(|image| image.source == TagSource::AppVersion)
        .collect();
    only(&following).map(|image| Image {
        key: key.to_owned(),
        ..image.clone()
    })
}

/// The one image that all of them are.
fn only<'i>(images: &[&'i Image]) -> Option<&'i Image> {
    let (first, rest) = images.split_first()?;
    let identity = |image: &Image| {
        (
            image.repository.clone(),
            image.tag.clone(),
            image.digest.clone(),
        )
    };
    rest.iter()
        .all(|image| identity(image) == identity(first))
        .then_some(first)
}
