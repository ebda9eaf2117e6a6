//! `require-lock-timeout`.

use crate::finding::Severity;
use crate::rules::Findings;
use super::fixes::lock_timeout;
use super::{SqlInput, SqlRule};

pub(super) const RULE: SqlRule = SqlRule::up(
    "require-lock-timeout",
    Severity::Warning,
    "a lock that stops others is taken without a lock_timeout",
    include_str!("require_lock_timeout.md"),
    check,
);

fn check(input: &SqlInput<'_>, findings: &mut Findings) {
    if !input.is_postgresql() || input.file.directory.directory.assume_lock_timeout {
        return;
    }
    let state = input.transaction();
    let is_set = state
        .setting("lock_timeout")
        .is_some_and(|value| !matches!(value.trim_matches('\''), "" | "0" | "0s" | "0ms" | "default"));
    if is_set || state.stopped_others > 0 {
        return;
    }
    let Some(touch) = input.effect().strongest_in_the_way() else {
        return;
    };
    findings.push(
        input
            .report(
                &RULE.info,
                format!(
                    "while this waits for `{}`, everybody who comes later waits behind it, without a limit",
                    touch.relation
                ),
            )
            .help("SET lock_timeout = '2s' at the start of the file, and let the runner try again; or set it for the role or in the connection string")
            .fix(lock_timeout(input)),
    );
}
