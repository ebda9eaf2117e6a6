//! Which directories are charts.

use std::collections::BTreeSet;

use crate::discover::{EntryKind, Reader, Snapshot, join};

use super::ChartSettings;

/// The file that makes a directory a chart; Helm knows no other spelling.
pub(super) const CHART_FILE: &str = "Chart.yaml";

/// Directories whose charts are no part of a release.
const NOT_SHIPPED: [&str; 6] = [
    "testdata",
    "fixtures",
    "__fixtures__",
    "node_modules",
    "vendor",
    "third_party",
];

/// The configured charts, or those that are there; sorted by directory. A chart in another one's `charts/` belongs to
/// that. With a reader, charts that are taken for test data are noted.
pub(super) fn find(
    snapshot: &Snapshot,
    settings: &[ChartSettings],
    mut reader: Option<&mut Reader<'_>>,
) -> Vec<ChartSettings> {
    let directories = directories(snapshot);
    if !settings.is_empty() {
        let mut configured: Vec<ChartSettings> = settings
            .iter()
            .filter(|settings| directories.contains(settings.path.as_str()))
            .cloned()
            .collect();
        configured.sort_by(|a, b| a.path.cmp(&b.path));
        configured.dedup_by(|a, b| a.path == b.path);
        return configured;
    }
    let mut found = Vec::new();
    for &directory in &directories {
        if is_vendored(directory, &directories) {
            continue;
        }
        if directory.split('/').any(|part| NOT_SHIPPED.contains(&part)) {
            if let Some(reader) = reader.as_deref_mut() {
                let path = join(directory, CHART_FILE);
                reader.coverage.leave_out(
                    path,
                    "a chart that is taken for test data or foreign code; `charts` in the configuration names those to judge",
                );
            }
            continue;
        }
        found.push(ChartSettings {
            path: directory.to_owned(),
            ..ChartSettings::default()
        });
    }
    found
}

/// Every directory that holds a `Chart.yaml`.
fn directories(snapshot: &Snapshot) -> BTreeSet<&str> {
    snapshot
        .entries
        .iter()
        .filter(|(path, entry)| path.ends_with(CHART_FILE) && entry.kind != EntryKind::Submodule)
        .filter_map(|(path, _)| match path.rsplit_once('/') {
            Some((directory, CHART_FILE)) => Some(directory),
            None if path == CHART_FILE => Some(""),
            _ => None,
        })
        .collect()
}

/// It stands below the `charts/` of a directory that is a chart itself.
fn is_vendored(directory: &str, charts: &BTreeSet<&str>) -> bool {
    let mut parent = directory;
    while let Some((above, name)) = parent
        .rsplit_once('/')
        .or((!parent.is_empty()).then_some(("", parent)))
    {
        if name == "charts" && parent != directory && charts.contains(above) {
            return true;
        }
        parent = above;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(paths: &[&str], settings: &[&str], expected: &[&str]) {
        let files: Vec<(&str, &str)> = paths.iter().map(|&path| (path, "")).collect();
        let (mut reader, snapshot) = Reader::in_memory("v1.0.0", &files);
        let settings: Vec<ChartSettings> = settings
            .iter()
            .map(|&path| ChartSettings {
                path: path.to_owned(),
                ..ChartSettings::default()
            })
            .collect();
        let found = find(&snapshot, &settings, Some(&mut reader));
        let found: Vec<&str> = found
            .iter()
            .map(|settings| settings.path.as_str())
            .collect();
        assert_eq!(found, expected, "{paths:?}");
    }

    #[test]
    fn a_chart_is_where_its_file_is() {
        check(
            &["charts/cellar/Chart.yaml", "charts/cask/Chart.yaml"],
            &[],
            &["charts/cask", "charts/cellar"],
        );
        check(&["Chart.yaml", "values.yaml"], &[], &[""]);
        check(
            &["deploy/Chart.yml", "deploy/chart.yaml", "xChart.yaml"],
            &[],
            &[],
        );
    }

    #[test]
    fn subcharts_belong_to_their_chart() {
        check(&["Chart.yaml", "charts/db/Chart.yaml"], &[], &[""]);
        check(
            &[
                "a/Chart.yaml",
                "a/charts/db/Chart.yaml",
                "a/charts/db/charts/x/Chart.yaml",
            ],
            &[],
            &["a"],
        );
        check(
            &["a/Chart.yaml", "a/charts/Chart.yaml"],
            &[],
            &["a", "a/charts"],
        );
        check(&["charts/charts/Chart.yaml"], &[], &["charts/charts"]);
    }

    #[test]
    fn test_data_counts_only_when_it_is_configured() {
        check(&["pkg/testdata/a/Chart.yaml"], &[], &[]);
        check(
            &["pkg/testdata/a/Chart.yaml"],
            &["pkg/testdata/a"],
            &["pkg/testdata/a"],
        );
        check(&["a/Chart.yaml", "b/Chart.yaml"], &["b", "gone"], &["b"]);
    }

    #[test]
    fn a_chart_that_is_left_out_is_noted() {
        let (mut reader, snapshot) = Reader::in_memory("", &[("testdata/a/Chart.yaml", "")]);
        find(&snapshot, &[], Some(&mut reader));
        assert_eq!(reader.coverage.left_out[0].path, "testdata/a/Chart.yaml");
    }
}
