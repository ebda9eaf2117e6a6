//! Patch ids: whether two commits make the same change.

use sha2::{Digest, Sha256};

use super::{GitError, ObjectId, Repository};

/// Files larger than this are compared by their ids alone, as git does with binary ones.
const MAX_DIFFED_BYTES: i64 = 1024 * 1024;

/// What a commit changes, without where and when: equal for a commit and its cherry-pick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PatchId([u8; 32]);

impl Repository {
    /// The patch id of a commit against its parent; `None` for a merge, which makes no change of its own.
    ///
    /// As in `git patch-id`, line numbers and white space do not count, and files that are not text count by their ids.
    pub fn patch_id(&self, commit: ObjectId) -> Result<Option<PatchId>, GitError> {
        // Releases of one line are compared with much the same commits of the other.
        if let Some(&known) = self.patches.borrow().get(&commit) {
            return Ok(known);
        }
        let patch = self.compute_patch_id(commit)?;
        self.patches.borrow_mut().insert(commit, patch);
        Ok(patch)
    }

    fn compute_patch_id(&self, commit: ObjectId) -> Result<Option<PatchId>, GitError> {
        let unreadable =
            |error: git2::Error| self.unreadable_object("the content of commit", commit, &error);
        let object = self
            .inner
            .find_commit(commit.to_git())
            .map_err(unreadable)?;
        if object.parent_count() > 1 {
            return Ok(None);
        }
        let before = match object.parent_ids().next() {
            Some(parent) => {
                let parent = self.inner.find_commit(parent).map_err(unreadable)?;
                Some(parent.tree().map_err(unreadable)?)
            }
            None => None,
        };
        let after = object.tree().map_err(unreadable)?;
        let mut options = git2::DiffOptions::new();
        options
            .context_lines(3)
            .interhunk_lines(0)
            .max_size(MAX_DIFFED_BYTES)
            .ignore_submodules(false);
        let diff = self
            .inner
            .diff_tree_to_tree(before.as_ref(), Some(&after), Some(&mut options))
            .map_err(unreadable)?;
        // Files and lines are reported by two callbacks that feed one hash.
        let hash = std::cell::RefCell::new(Sha256::new());
        let mut file = |delta: git2::DiffDelta<'_>, _: f32| {
            let mut hash = hash.borrow_mut();
            hash.update(b"\0file\0");
            for side in [delta.old_file(), delta.new_file()] {
                hash.update(side.path_bytes().unwrap_or_default());
                hash.update(b"\0");
                hash.update(u32::from(side.mode()).to_be_bytes());
            }
            true
        };
        let mut binary = |delta: git2::DiffDelta<'_>, _: git2::DiffBinary<'_>| {
            let mut hash = hash.borrow_mut();
            hash.update(b"\0binary\0");
            hash.update(delta.old_file().id().as_bytes());
            hash.update(delta.new_file().id().as_bytes());
            true
        };
        let mut line =
            |_: git2::DiffDelta<'_>, _: Option<git2::DiffHunk<'_>>, line: git2::DiffLine<'_>| {
                let mut hash = hash.borrow_mut();
                // As in git, a line counts by its letters alone, and so does the blank that marks it as unchanged: whether an
                // empty line happens to follow a change makes no difference.
                if matches!(line.origin(), '+' | '-') {
                    let mut origin = [0; 4];
                    hash.update(line.origin().encode_utf8(&mut origin).as_bytes());
                }
                if matches!(line.origin(), ' ' | '+' | '-') {
                    for part in line.content().split(u8::is_ascii_whitespace) {
                        hash.update(part);
                    }
                }
                true
            };
        diff.foreach(&mut file, Some(&mut binary), None, Some(&mut line))
            .map_err(unreadable)?;
        Ok(Some(PatchId(hash.into_inner().finalize().into())))
    }
}

#[cfg(test)]
mod tests {
    use crate::git::tests::played;

    #[test]
    fn a_cherry_pick_has_the_same_id() {
        let lines = |word: &str| format!("1\\n2\\n3\\n4\\n{word}\\n6\\n7\\n8\\n9\\n");
        let steps = format!(
            "
- commit: base
  write: {{ a.txt: \"{}\", b.txt: b }}
- branch: release
- commit: fix
  write: {{ a.txt: \"{}\" }}
  tag: one
- branch: main
- commit: other work
  write: {{ a.txt: \"0\\n0\\n{}\" }}
- commit: fix again
  write: {{ a.txt: \"0\\n0\\n{}\" }}
  tag: two
- commit: another fix
  write: {{ a.txt: \"0\\n0\\n{}\" }}
  tag: three
- merge: release
  write: {{ a.txt: \"{}\" }}
  commit: merge
",
            lines("5"),
            lines("five"),
            lines("5"),
            lines("five"),
            lines("V"),
            lines("V"),
        );
        let (_directory, repository) = played(&steps);
        let id = |name: &str| {
            let commit = repository.resolve(name).unwrap();
            repository.patch_id(commit).unwrap()
        };
        assert!(id("one").is_some());
        assert_eq!(id("one"), id("two"));
        assert_ne!(id("one"), id("three"));
        assert_eq!(id("main"), None);
        assert!(id("one~1").is_some(), "a root commit");
    }

    #[test]
    fn an_empty_line_beside_a_change_is_none() {
        let (_directory, repository) = played(
            "
- commit: base
  write: { a.txt: \"1\\n2\\n3\\n\\n4\\n\" }
  tag: base
- commit: fix
  write: { a.txt: \"1\\nII\\n3\\n\\n4\\n\" }
  tag: one
- branch: other
  from: base
- commit: shorter
  write: { a.txt: \"1\\n2\\n3\\n4\\n\" }
- commit: fix
  write: { a.txt: \"1\\nII\\n3\\n4\\n\" }
  tag: two
",
        );
        let id = |name: &str| {
            let commit = repository.resolve(name).unwrap();
            repository.patch_id(commit).unwrap()
        };
        assert_eq!(id("one"), id("two"));
    }

    #[test]
    fn binary_files_count_by_content() {
        let (_directory, repository) = played(
            "
- commit: base
  write: { a.bin: \"\\0one\" }
  tag: base
- branch: x
- commit: two
  write: { a.bin: \"\\0two\" }
- branch: y
  from: base
- commit: three
  write: { a.bin: \"\\0three\" }
",
        );
        let id = |name: &str| {
            let commit = repository.resolve(name).unwrap();
            repository.patch_id(commit).unwrap()
        };
        assert_ne!(id("x"), id("y"));
    }
}
