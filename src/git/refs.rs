//! Tags, branches and revisions.

use std::collections::{BTreeMap, BTreeSet};

use super::history::sort_tags;
use super::object::peel;
use super::{Branch, GitError, ObjectId, Repository, Tag, Target, readable};
use crate::version::TagScheme;

/// What main branches are called when nothing says so.
const USUAL_MAIN: [&str; 2] = ["main", "master"];

impl Repository {
    /// The commit that HEAD leads to.
    pub fn head(&self) -> Result<ObjectId, GitError> {
        let head = self.inner.head().map_err(|error| match error.code() {
            git2::ErrorCode::UnbornBranch => GitError::Unborn {
                branch: self.head_branch().unwrap_or_default(),
            },
            _ => GitError::Unreadable {
                what: "HEAD".to_owned(),
                why: error.message().to_owned(),
            },
        })?;
        match head.target() {
            Some(id) => Ok(ObjectId::from_git(id)),
            None => Err(GitError::Unreadable {
                what: "HEAD".to_owned(),
                why: "it leads to no commit".to_owned(),
            }),
        }
    }

    /// The branch that HEAD is on, born or not; `None` when HEAD is detached.
    pub fn head_branch(&self) -> Option<String> {
        let head = self.inner.find_reference("HEAD").ok()?;
        let target = readable(head.symbolic_target_bytes()?);
        target.strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The commit that a revision names: a tag, a branch, an id or its beginning, `HEAD~2`. A branch that only the
    /// remote has is found too, because CI systems check out one branch and leave the others as `origin/NAME`.
    pub fn resolve(&self, revision: &str) -> Result<ObjectId, GitError> {
        let none = || {
            GitError::NoSuchRevision {
            revision: revision.to_owned(),
            help: if self.is_shallow() {
                "git fetch --unshallow --tags        (GitHub Actions: actions/checkout with fetch-depth: 0)"
            } else {
                "git fetch --tags origin        brings the branches and tags of the remote"
            }
            .to_owned(),
        }
        };
        // Neither `:path` nor `:/text` names a commit that somebody could mean, and nothing is an option.
        if revision.is_empty() || revision.starts_with([':', '-']) || revision.contains('\0') {
            return Err(none());
        }
        let remote = format!("refs/remotes/{}/{revision}", self.remote());
        let object = self
            .inner
            .revparse_single(revision)
            .or_else(|_| self.inner.revparse_single(&remote))
            .map_err(|_| none())?;
        match object.peel_to_commit() {
            Ok(commit) => Ok(ObjectId::from_git(commit.id())),
            Err(_) => Err(GitError::NotACommit {
                revision: revision.to_owned(),
                what: object
                    .kind()
                    .map_or("missing object".to_owned(), |kind| kind.to_string()),
            }),
        }
    }

    /// The names of all tags, sorted.
    pub fn tag_names(&self) -> Result<Vec<String>, GitError> {
        Ok(self.tag_refs()?.into_keys().collect())
    }

    /// All tags: those with a version in release order, then the others by name. A tag that leads to no commit is there too.
    pub fn tags(&self, scheme: &TagScheme) -> Result<Vec<Tag>, GitError> {
        let database = self.database()?;
        let mut tags: Vec<Tag> = self
            .tag_refs()?
            .into_iter()
            .map(|(name, id)| {
                let name = scheme.parse(&name);
                match id.map(|id| peel(&database, id)) {
                    Some(peeled) => Tag {
                        name,
                        target: peeled.target,
                        commit: peeled.commit,
                        annotated: peeled.annotated,
                        date: peeled.date,
                    },
                    None => Tag {
                        name,
                        target: Target::Missing,
                        commit: None,
                        annotated: false,
                        date: None,
                    },
                }
            })
            .collect();
        sort_tags(&mut tags);
        Ok(tags)
    }

    /// Tag names and what their references say; `None` for a reference that cannot be read.
    fn tag_refs(&self) -> Result<BTreeMap<String, Option<ObjectId>>, GitError> {
        let mut refs = BTreeMap::new();
        for (name, id) in self.references("refs/tags/")? {
            refs.insert(name, id);
        }
        // libgit2 passes over a reference file that it cannot parse; a tag must not get lost that way.
        let directory = self.inner.commondir().join("refs/tags");
        for entry in walkdir::WalkDir::new(&directory).min_depth(1) {
            let entry = match entry {
                Ok(entry) => entry,
                // All tags may be packed.
                Err(error)
                    if error.io_error().map(std::io::Error::kind)
                        == Some(std::io::ErrorKind::NotFound) =>
                {
                    continue;
                }
                Err(error) => {
                    return Err(GitError::Unreadable {
                        what: "the references below refs/tags/".to_owned(),
                        why: error
                            .io_error()
                            .map_or_else(|| "a loop of links".to_owned(), ToString::to_string),
                    });
                }
            };
            if !entry.file_type().is_file() {
                continue;
            }
            if let Ok(path) = entry.path().strip_prefix(&directory) {
                let name = readable(path.as_os_str().as_encoded_bytes());
                // git takes no such name; it is the file that guards a write.
                if name.rsplit('.').next() != Some("lock") {
                    refs.entry(name).or_insert(None);
                }
            }
        }
        Ok(refs)
    }

    /// HEAD and every reference, each with what it says, sorted: what can be found out about the history follows from
    /// them, as long as the clone holds its objects.
    pub fn all_references(&self) -> Result<Vec<String>, GitError> {
        let unreadable = |error: git2::Error| GitError::Unreadable {
            what: "the references".to_owned(),
            why: error.message().to_owned(),
        };
        let says = |reference: &git2::Reference<'_>| {
            let target = match (reference.target(), reference.symbolic_target_bytes()) {
                (Some(id), _) => id.to_string(),
                (None, Some(name)) => readable(name),
                (None, None) => String::new(),
            };
            format!("{} {target}", readable(reference.name_bytes()))
        };
        let mut all = Vec::new();
        for reference in self.inner.references().map_err(unreadable)? {
            all.push(says(&reference.map_err(unreadable)?));
        }
        if let Ok(head) = self.inner.find_reference("HEAD") {
            all.push(says(&head));
        }
        let damaged = self.tag_refs()?.into_iter().filter(|(_, id)| id.is_none());
        all.extend(damaged.map(|(name, _)| format!("refs/tags/{name} damaged")));
        all.push(format!("remote {}", self.remote()));
        all.sort();
        Ok(all)
    }

    /// The references below a prefix, without it, and what they lead to.
    fn references(&self, prefix: &str) -> Result<Vec<(String, Option<ObjectId>)>, GitError> {
        let unreadable = |error: git2::Error| GitError::Unreadable {
            what: format!("the references below {prefix}"),
            why: error.message().to_owned(),
        };
        let mut found = Vec::new();
        let references = self
            .inner
            .references_glob(&format!("{prefix}*"))
            .map_err(unreadable)?;
        for reference in references {
            let reference = reference.map_err(unreadable)?;
            let name = readable(reference.name_bytes());
            let Some(name) = name.strip_prefix(prefix) else {
                continue;
            };
            let id = reference
                .target()
                .or_else(|| reference.resolve().ok().and_then(|direct| direct.target()));
            found.push((name.to_owned(), id.map(ObjectId::from_git)));
        }
        Ok(found)
    }

    /// The branches that `wanted` names, here and on the remote, by name.
    pub fn branches(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Branch>, GitError> {
        let mut tips: BTreeMap<String, Vec<ObjectId>> = BTreeMap::new();
        let remote = format!("refs/remotes/{}/", self.remote());
        for prefix in ["refs/heads/", remote.as_str()] {
            for (name, id) in self.references(prefix)? {
                if name == "HEAD" || !wanted(&name) {
                    continue;
                }
                if let Some(id) = id {
                    let known = tips.entry(name).or_default();
                    if !known.contains(&id) {
                        known.push(id);
                    }
                }
            }
        }
        Ok(tips
            .into_iter()
            .map(|(name, tips)| Branch { name, tips })
            .collect())
    }

    /// The main branch's name: the configured one, else what the remote's HEAD says, else, where there is no work tree
    /// that could have switched, HEAD's branch, else `main` or `master`. `None` when this clone has no such branch.
    pub fn main_branch(&self, configured: Option<&str>) -> Option<String> {
        if let Some(name) = configured {
            return self.has_branch(name).then(|| name.to_owned());
        }
        let prefix = format!("refs/remotes/{}/", self.remote());
        let of_remote = self
            .inner
            .find_reference(&format!("{prefix}HEAD"))
            .ok()
            .and_then(|head| Some(readable(head.symbolic_target_bytes()?)))
            .and_then(|target| Some(target.strip_prefix(&prefix)?.to_owned()));
        let of_bare = self.is_bare().then(|| self.head_branch()).flatten();
        of_remote
            .into_iter()
            .chain(of_bare)
            .chain(USUAL_MAIN.map(str::to_owned))
            .find(|name| self.has_branch(name))
    }

    fn has_branch(&self, name: &str) -> bool {
        [
            format!("refs/heads/{name}"),
            format!("refs/remotes/{}/{name}", self.remote()),
        ]
        .iter()
        .any(|name| self.inner.find_reference(name).is_ok())
    }

    /// The remote that counts: `origin`, or the only one there is.
    fn remote(&self) -> String {
        let mut names = BTreeSet::new();
        if let Ok(remotes) = self.inner.remotes() {
            names.extend(remotes.iter().flatten().flatten().map(str::to_owned));
        }
        match names.first() {
            Some(only) if names.len() == 1 => only.clone(),
            _ => "origin".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::tests::played;
    use crate::version::TagKind;

    const STEPS: &str = "
- commit: one
  write: { a: one }
  tag: [v1.0.0, v.1.0.0-rc1, nightly]
- commit: two
  write: { a: two }
  tag: v1.1.0
  annotated: the second release
  date: 2026-03-04T05:06:07Z
- commit: three
  write: { a: three }
  tag_tree: v1.2.0
";

    #[test]
    fn tags_of_every_kind() {
        let (_directory, repository) = played(STEPS);
        let tags = repository.tags(&TagScheme::default()).unwrap();
        let found: Vec<(&str, TagKind, Target, bool, Option<i64>)> = tags
            .iter()
            .map(|tag| {
                let name = tag.name.name.as_str();
                (name, tag.kind(), tag.target, tag.annotated, tag.date)
            })
            .collect();
        let when = Some(1_772_600_767);
        assert_eq!(
            found,
            [
                ("v1.0.0", TagKind::Final, Target::Commit, false, None),
                ("v1.1.0", TagKind::Final, Target::Commit, true, when),
                ("v1.2.0", TagKind::Final, Target::Tree, false, None),
                ("nightly", TagKind::Unrelated, Target::Commit, false, None),
                (
                    "v.1.0.0-rc1",
                    TagKind::Malformed,
                    Target::Commit,
                    false,
                    None
                ),
            ]
        );
        assert_eq!(tags[1].commit, Some(repository.resolve("v1.1.0").unwrap()));
        assert_eq!(tags[2].commit, None);
    }

    #[test]
    fn a_tag_of_a_tag_leads_to_the_commit() {
        let (_directory, repository) = played(STEPS);
        let inner = repository.inner.refname_to_id("refs/tags/v1.1.0").unwrap();
        let raw = format!(
            "object {inner}\ntype tag\ntag v1.1.1\ntagger A <a@example.org> 1 +0000\n\nagain\n"
        );
        let outer = repository
            .inner
            .odb()
            .unwrap()
            .write(git2::ObjectType::Tag, raw.as_bytes())
            .unwrap();
        repository
            .inner
            .reference("refs/tags/v1.1.1", outer, false, "")
            .unwrap();
        let tags = repository.tags(&TagScheme::default()).unwrap();
        let tag = tags.iter().find(|tag| tag.name.name == "v1.1.1").unwrap();
        assert_eq!(tag.commit, Some(repository.resolve("v1.1.0").unwrap()));
        assert!(tag.annotated);
        assert_eq!(tag.date, Some(1));
    }

    #[test]
    fn broken_tags_are_not_lost() {
        let (_directory, repository) = played(STEPS);
        let refs = repository.directory().join("refs/tags");
        std::fs::write(refs.join("v1.3.0"), "garbage").unwrap();
        std::fs::write(refs.join("v1.4.0"), format!("{}\n", "1".repeat(40))).unwrap();
        let tags = repository.tags(&TagScheme::default()).unwrap();
        let target = |name: &str| {
            let tag = tags.iter().find(|tag| tag.name.name == name);
            tag.map(|tag| (tag.target, tag.commit))
        };
        assert_eq!(target("v1.3.0"), Some((Target::Missing, None)));
        assert_eq!(target("v1.4.0"), Some((Target::Missing, None)));
    }

    #[test]
    fn replace_refs_do_not_count() {
        let (_directory, repository) = played(STEPS);
        let one = repository.resolve("v1.0.0").unwrap();
        let two = repository.resolve("v1.1.0").unwrap();
        repository
            .inner
            .reference(&format!("refs/replace/{two}"), one.to_git(), false, "")
            .unwrap();
        assert_eq!(repository.commit(two).unwrap().message, "two\n");
    }

    #[test]
    fn revisions() {
        let (_directory, repository) = played(STEPS);
        let head = repository.head().unwrap();
        let two = repository.resolve("v1.1.0").unwrap();
        for revision in [
            "HEAD",
            "main",
            "refs/heads/main",
            &head.to_string(),
            &head.short(),
        ] {
            assert_eq!(repository.resolve(revision).unwrap(), head, "{revision}");
        }
        assert_eq!(repository.resolve("HEAD~1").unwrap(), two);
        for bad in [
            "", "nowhere", "--all", "-n1", ":a", ":/one", "a\0b", "HEAD~99",
        ] {
            let error = repository.resolve(bad).unwrap_err();
            assert!(
                matches!(error, GitError::NoSuchRevision { .. }),
                "{bad}: {error}"
            );
        }
        let error = repository.resolve("v1.2.0").unwrap_err();
        assert!(matches!(error, GitError::NotACommit { ref what, .. } if what == "tree"));
    }

    #[test]
    fn a_branch_that_only_the_remote_has_is_found() {
        let (_directory, repository) = played(STEPS);
        let two = repository.resolve("v1.1.0").unwrap();
        let refs = &repository.inner;
        refs.reference("refs/remotes/origin/trunk", two.to_git(), false, "")
            .unwrap();
        assert_eq!(repository.resolve("trunk").unwrap(), two);
        // Both the local branch and the one on the remote are tips of `main`.
        refs.reference("refs/remotes/origin/main", two.to_git(), false, "")
            .unwrap();
        let branches = repository.branches(|name| name == "main").unwrap();
        assert_eq!(branches.len(), 1);
        assert_eq!(branches[0].tips, [repository.head().unwrap(), two]);
    }

    #[test]
    fn the_main_branch_is_found() {
        let check = |branch: &str, origin_head: Option<&str>, configured: Option<&str>| {
            let (_directory, repository) = played(STEPS);
            let head = repository.head().unwrap().to_git();
            let refs = &repository.inner;
            refs.reference(&format!("refs/heads/{branch}"), head, true, "")
                .unwrap();
            refs.set_head(&format!("refs/heads/{branch}")).unwrap();
            if branch != "main" {
                refs.find_reference("refs/heads/main")
                    .unwrap()
                    .delete()
                    .unwrap();
            }
            if let Some(name) = origin_head {
                let target = format!("refs/remotes/origin/{name}");
                refs.reference(&target, head, true, "").unwrap();
                refs.reference_symbolic("refs/remotes/origin/HEAD", &target, true, "")
                    .unwrap();
            }
            repository.main_branch(configured)
        };
        assert_eq!(check("main", None, None).as_deref(), Some("main"));
        assert_eq!(check("master", None, None).as_deref(), Some("master"));
        assert_eq!(check("topic", None, None), None);
        assert_eq!(
            check("topic", Some("trunk"), None).as_deref(),
            Some("trunk")
        );
        assert_eq!(
            check("topic", None, Some("topic")).as_deref(),
            Some("topic")
        );
        assert_eq!(check("main", None, Some("gone")), None);
    }
}
