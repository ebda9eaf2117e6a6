//! What policies make of the severity of what rules found.

use crate::finding::Finding;
use crate::policy::cel;
use crate::policy::read;

use super::scope::{At, Run, Scope};

/// Gives findings the severity that policies say. Of several policies the last one counts.
pub(super) fn weigh(run: &Run<'_>, findings: &mut [Finding]) {
    for loaded in run.set.policies() {
        if loaded.policy.severities.is_empty() {
            continue;
        }
        let mut scope = Scope::new(run, loaded);
        if scope.applies() != Some(true) {
            continue;
        }
        for severity in &loaded.policy.severities {
            for (finding, fact) in findings.iter_mut().zip(&run.facts.findings) {
                if !severity.rules.contains(&finding.rule) {
                    continue;
                }
                let at = At {
                    id: &finding.rule,
                    field: "severityExpression",
                };
                match cel::Value::of(fact) {
                    Ok(fact) => scope.bind("it", fact),
                    Err(why) => {
                        scope.error(&severity.expression, at, why);
                        break;
                    }
                }
                let Some(word) = scope.text(&severity.expression, at) else {
                    // One error says it for all of them.
                    break;
                };
                match read::severity(&word) {
                    Some(severity) => finding.severity = severity,
                    None => {
                        scope.error(
                            &severity.expression,
                            at,
                            format!("`{word}` is none of error, warning, info"),
                        );
                        break;
                    }
                }
            }
        }
    }
}
