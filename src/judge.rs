//! One judgement: from a repository and a request to a report. This is the composition of all stages; each stage is a
//! function of values and lives elsewhere.

mod collect;
mod finish;
mod touched;

use chrono::{DateTime, Utc};

use crate::cache::Cache;
use crate::facts::{Facts, Origins};
use crate::gate::Stage;
use crate::git::{GitError, Repository};
use crate::project::Project;
use crate::report::Report;
use crate::subject::{SubjectError, SubjectRequest};
