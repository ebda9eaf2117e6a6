//! What the configuration names by path, and whether it is there.

use super::{ProjectError, Root};
use crate::config::{Config, plain_path};
use crate::discover::join;

/// A path that the configuration names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The key that names it, as `relgate.yaml` writes it.
    pub key: &'static str,
    /// The path from the root of the repository, without `./` before it or `/` behind it.
    pub path: String,
}

/// All that the configuration names and that is judged at a revision: changelog, migrations, charts, places of the version.
pub fn named(config: &Config) -> Vec<Named> {
    let mut all = Vec::new();
    let mut add = |key, path: &str| {
        if !path.is_empty() {
            all.push(Named {
                key,
                path: path.to_owned(),
            });
        }
    };
    if let Some(path) = &config.changelog {
        add("changelog", &plain_path(path));
    }
    for directory in &config.migrations {
        add("migrations: path", &directory.path);
    }
    for chart in &config.charts {
        add("charts: path", &join(&chart.path, "Chart.yaml"));
        for values in &chart.values {
            add("charts: values", values);
        }
    }
    for reference in &config.version_references {
        add("versionReferences: path", &reference.path);
    }
    all
}

/// Those that are not where the configuration is.
pub(super) fn absent(root: &Root<'_>, config: &Config) -> Result<Vec<Named>, ProjectError> {
    let mut absent = Vec::new();
    for one in named(config) {
        if !exists(root, &one.path)? {
            absent.push(one);
        }
    }
    Ok(absent)
}

/// Something is at a path of the root.
pub(super) fn exists(root: &Root<'_>, path: &str) -> Result<bool, ProjectError> {
    match root {
        Root::Commit { snapshot, .. } => Ok(snapshot.holds(path)),
        Root::WorkTree(top) => {
            top.join(path)
                .try_exists()
                .map_err(|error| ProjectError::Unreadable {
                    path: path.to_owned(),
                    why: error.to_string(),
                })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::yaml;

    #[test]
    fn every_path_of_the_configuration_is_named() {
        let config: Config = yaml::from_str(
            "changelog: ./CHANGES.md\n\
             migrations: [{ path: db/migrations/ }, { path: . }]\n\
             charts: [{ path: charts/cellar, values: [deploy/values.yaml] }, { path: ./ }]\n\
             versionReferences: [{ path: README.md, pattern: 'v{version}' }]\n",
        )
        .unwrap();
        let all: Vec<String> = named(&config)
            .into_iter()
            .map(|one| format!("{} {}", one.key, one.path))
            .collect();
        assert_eq!(
            all,
            [
                "changelog CHANGES.md",
                "migrations: path db/migrations",
                "charts: path charts/cellar/Chart.yaml",
                "charts: values deploy/values.yaml",
                "charts: path Chart.yaml",
                "versionReferences: path README.md",
            ]
        );
    }
}
