//! Why a piece of evidence does not count: one code for each way.

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)*) => {
        /// Why evidence does not count.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)*
        }

        impl Reason {
            /// All reasons, in the order in which they are looked for.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code that reports and facts use.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

reasons! {
    /// The file cannot be read: a link, not UTF-8, not there.
    Unreadable = "unreadable",
    /// The file is larger than evidence may be.
    TooLarge = "too-large",
    /// It is not JSON, or only its beginning.
    MalformedJson = "malformed-json",
    /// A key stands twice.
    DuplicateKey = "duplicate-key",
    /// It is JSON, and no statement that relgate knows.
    NotAStatement = "not-a-statement",
    /// It speaks of several things at once.
    SeveralSubjects = "several-subjects",
    /// It is about another release.
    OtherRelease = "other-release",
    /// No policy has such a gate.
    GateUnknown = "gate-unknown",
    /// The gate does not ask for this kind of statement.
    KindWrong = "kind-wrong",
    /// Nobody signed it, and the gate does not take assertions.
    Unsigned = "unsigned",
    /// The signature cannot be read.
    SignatureMalformed = "signature-malformed",
    /// It was signed for another purpose.
    NamespaceWrong = "namespace-wrong",
    /// The signature's algorithm is not among those that count.
    AlgorithmRefused = "algorithm-refused",
    /// The signature is not one of these bytes by this key.
    SignatureInvalid = "signature-invalid",
    /// The key is not one that the allowed signers give to the approver.
    SignerUnknown = "signer-unknown",
    /// The key may not be used for this namespace.
    SignerNamespace = "signer-namespace",
    /// The key is not valid yet.
    KeyNotYetValid = "key-not-yet-valid",
    /// The key is not valid any more.
    KeyExpired = "key-expired",
    /// The key was revoked.
    KeyRevoked = "key-revoked",
    /// It names another role than the gate asks for.
    RoleWrong = "role-wrong",
    /// The approver does not have the role.
    RoleMissing = "role-missing",
    /// Its subject is another tag.
    TagMismatch = "tag-mismatch",
    /// Its subject is another commit.
    CommitMismatch = "commit-mismatch",
    /// It was made for another tag.
    ToMismatch = "to-mismatch",
    /// It was made for a release that starts somewhere else.
    FromMismatch = "from-mismatch",
    /// It was made for another type of release.
    ReleaseTypeMismatch = "release-type-mismatch",
    /// It was made under other policies.
    PolicyMismatch = "policy-mismatch",
    /// It is dated in the future.
    IssuedInFuture = "issued-in-future",
    /// It is dated before the commit that it is about.
    IssuedBeforeCommit = "issued-before-commit",
    /// It is older than the gate allows.
    TooOld = "too-old",
    /// The approver wrote, committed or helped to write what is released.
    ApproverIsAuthor = "approver-is-author",
    /// Another statement has the same nonce.
    NonceReused = "nonce-reused",
    /// It is a copy of a statement that was counted.
    Duplicate = "duplicate",
    /// It lacks what the gate needs.
    Incomplete = "incomplete",
    /// It is about a candidate, and does not count for the final release.
    OfCandidate = "of-candidate",
}
