//! Whom a project trusts, and what evidence it has.

use std::collections::BTreeSet;

use miette::{LabeledSpan, NamedSource, SourceSpan};

use super::{ProjectError, Root, list, read};
use crate::config::Config;
use crate::discover::Reader;
use crate::evidence::allowed_signers::AllowedSigners;
use crate::evidence::mailmap::Mailmap;
use crate::evidence::roles::Roles;
use crate::evidence::verify::{Item, Trust};
use crate::evidence::{self, EvidenceFile};
use crate::policy::PolicySet;

/// git's own file of people's addresses.
pub(super) const MAILMAP: &str = ".mailmap";

/// Reads signers, revoked keys, roles and the mailmap: all from where the configuration is, so that a change cannot bring
/// its own.
pub(super) fn load(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    config: &Config,
) -> Result<Trust, ProjectError> {
    let signers_path = config.signers();
    let signers = named(
        root,
        reader,
        signers_path,
        config.signers.is_some(),
        "signers",
    )?;
    let revoked = named(
        root,
        reader,
        config.revoked(),
        config.revoked.is_some(),
        "revoked",
    )?;
    let roles = named(
        root,
        reader,
        config.roles(),
        config.roles.is_some(),
        "roles",
    )?;
    let mailmap = read(root, reader, MAILMAP)?.unwrap_or_default();
    Ok(Trust {
        signers_file: (signers_path.to_owned(), signers.is_some()),
        signers: AllowedSigners::read(signers.as_deref().unwrap_or_default()),
        revoked: evidence::revoked(revoked.as_deref().unwrap_or_default()).map_err(|line| {
            ProjectError::Unreadable {
                path: config.revoked().to_owned(),
                why: format!("line {line} is neither a public key nor a fingerprint (SHA256:...)"),
            }
        })?,
        roles: read_roles(config.roles(), roles.unwrap_or_default())?,
        mailmap: Mailmap::read(&mailmap),
    })
}

/// A file that may be absent, unless the configuration names it.
fn named(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    path: &str,
    configured: bool,
    key: &str,
) -> Result<Option<String>, ProjectError> {
    let text = read(root, reader, path)?;
    if text.is_none() && configured {
        return Err(ProjectError::Missing {
            path: path.to_owned(),
            named_by: format!("{key} in the configuration"),
        });
    }
    Ok(text)
}

fn read_roles(path: &str, text: String) -> Result<Roles, ProjectError> {
    Roles::read(&text).map_err(|errors| ProjectError::Config {
        message: errors
            .first()
            .map_or_else(String::new, |error| error.message.clone()),
        labels: errors
            .iter()
            .map(|error| LabeledSpan::new_with_span(None, SourceSpan::from(error.span.range())))
            .collect(),
        source_code: Box::new(NamedSource::new(path, text.into())),
    })
}

/// Opens everything in the directory of evidence. A file that cannot be read stays in the list, with the reason.
pub(super) fn evidence(
    root: &Root<'_>,
    reader: &mut Reader<'_>,
    directory: &str,
    policies: &PolicySet,
) -> Result<Vec<Item>, ProjectError> {
    let paths = list(root, reader, directory, evidence::is_evidence)?;
    let mut files: Vec<EvidenceFile> = Vec::with_capacity(paths.len());
    for path in paths {
        let text = match read(root, reader, &path) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err("it is no ordinary file".to_owned()),
            Err(ProjectError::Unreadable { why, .. }) => Err(why),
            Err(other) => return Err(other),
        };
        files.push((path, text));
    }
    files.sort();
    let gates: BTreeSet<&str> = policies.gates().map(|gate| gate.id.as_str()).collect();
    Ok(evidence::open(&files, |name| gates.contains(name)))
}
