//! What relgate says about a place.

use std::borrow::Cow;

use crate::fix::Fix;
use crate::source::Location;

/// How much a finding weighs. Only an error decides the verdict.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be looked at; does not block.
    Warning,
    /// Blocks the release while it is open.
    Error,
}

impl Severity {
    /// All severities, the heaviest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Whether a finding still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Status {
    /// It counts.
    #[default]
    Open,
    /// A waiver (`PolicyException`) covers it.
    Waived,
    /// A comment in the file suppresses it.
    Suppressed,
}

impl Status {
    /// The word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waived => "waived",
            Self::Suppressed => "suppressed",
        }
    }
}

/// A second place that explains a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// Why it matters here.
    pub message: String,
}

/// A line below the excerpt: `lock`, `demands`, `instead`, ...
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// One word that says what kind of remark it is.
    pub key: Cow<'static, str>,
    /// The remark.
    pub text: String,
}

/// One defect at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's or the validation's id.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// One sentence that says what is wrong.
    pub message: String,
    /// Where; `None` for what is about a tag or the repository as a whole.
    pub location: Option<Location>,
    /// What it is about when there is no location: a tag's name, or empty.
    pub about: String,
    /// A few words for under the caret; empty to repeat nothing.
    pub label: String,
    /// Other places that explain it.
    pub related: Vec<Label>,
    /// Remarks below the excerpt.
    pub notes: Vec<Note>,
    /// What to do.
    pub help: String,
    /// What `relgate fix` does about it, if it can.
    pub fix: Option<Fix>,
    /// Whether it still counts.
    pub status: Status,
    /// Why it does not count, when it does not: the waiver's or comment's reason.
    pub status_reason: String,
}

impl Finding {
    /// A finding at a place.
    pub fn at(
        rule: impl Into<String>,
        severity: Severity,
        location: Location,
        message: impl Into<String>,
    ) -> Self {
        Self {
            location: Some(location),
            ..Self::about(rule, severity, "", message)
        }
    }

    /// A finding about a tag, or, with an empty `about`, about the repository.
    pub fn about(
        rule: impl Into<String>,
        severity: Severity,
        about: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            rule: rule.into(),
            severity,
            message: message.into(),
            location: None,
            about: about.into(),
            label: String::new(),
            related: Vec::new(),
            notes: Vec::new(),
            help: String::new(),
            fix: None,
            status: Status::Open,
            status_reason: String::new(),
        }
    }

    /// The same finding with words under its caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// The same finding with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// The same finding with one more remark.
    #[must_use]
    pub fn note(mut self, key: &'static str, text: impl Into<String>) -> Self {
        self.notes.push(Note {
            key: Cow::Borrowed(key),
            text: text.into(),
        });
        self
    }

    /// The same finding with one more place.
    #[must_use]
    pub fn related(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Label {
            location,
            message: message.into(),
        });
        self
    }

    /// The same finding where `relgate fix` takes these arguments to see it: `None` where nothing that it does would reach what
    /// was judged, so that there is no fix.
    pub fn fixed_by(&mut self, arguments: Option<&str>) {
        match arguments {
            Some(arguments) => {
                for note in self.notes.iter_mut().filter(|note| note.key == "fix") {
                    note.text = format!("relgate fix {arguments}{}", self.rule);
                }
            }
            None => {
                self.notes.retain(|note| note.key != "fix");
                self.fix = None;
            }
        }
    }

    /// The same finding with what mends it, if that is known.
    #[must_use]
    pub fn fix(mut self, fix: Option<Fix>) -> Self {
        if fix.is_some() {
            let command = format!("relgate fix {}", self.rule);
            self = self.note("fix", command);
        }
        self.fix = fix;
        self
    }
}
