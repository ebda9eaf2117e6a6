//! Whether what is signed in git is signed by whom the project trusts.

use super::Frame;
use crate::evidence::signed::{self, Against, Signed, TagObject};
use crate::facts::Facts;
use crate::facts::signature::SignatureFact;
use crate::git::{self, GitError};

/// The signature of a commit.
pub(super) fn of_commit(frame: &Frame<'_>, commit: &git::Signed) -> SignatureFact {
    signed::check(&parts(commit), &against(frame))
}

/// The signature of the release's tag.
pub(super) fn of_tag(frame: &Frame<'_>, facts: &Facts) -> Result<SignatureFact, GitError> {
    let release = &facts.release;
    if release.tag.is_empty() || release.proposed {
        return Ok(SignatureFact::default());
    }
    let Some(object) = frame.repository.tag_object(&release.tag)? else {
        return Ok(SignatureFact::default());
    };
    let target = object.target.map(|id| id.to_string()).unwrap_or_default();
    let tag = TagObject {
        reference: &release.tag,
        name: &object.name,
        commit: &release.commit,
        target: &target,
        target_kind: &object.target_kind,
        signed: object.signed.as_ref().map(parts),
    };
    Ok(signed::check_tag(&tag, &against(frame)))
}

fn against<'f>(frame: &'f Frame<'_>) -> Against<'f> {
    Against {
        trust: &frame.project.trust,
        keyring: frame.keyring.as_ref(),
        now: frame.now,
    }
}

fn parts(signed: &git::Signed) -> Signed<'_> {
    Signed {
        payload: &signed.payload,
        signature: &signed.signature,
    }
}
