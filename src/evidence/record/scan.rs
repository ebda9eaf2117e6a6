//! Security scans: SARIF, and the JSON of trivy, grype and govulncheck.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::measure::{MAX_NAMES, SEVERITIES};
use super::{Data, list, text};

/// The scan in a file; `None` when it is none.
pub(super) fn read(documents: &[Value]) -> Option<Result<Data, String>> {
    if let [only] = documents {
        if only.get("runs").is_some_and(Value::is_array) && only.get("version").is_some() {
            return Some(sarif(only));
        }
        if only.get("SchemaVersion").is_some() && only.get("ArtifactName").is_some() {
            return Some(trivy(only));
        }
        if only.get("matches").is_some_and(Value::is_array) && only.get("descriptor").is_some() {
            return Some(Ok(grype(only)));
        }
    }
    let first = documents.first()?;
    let config = first
        .get("config")
        .filter(|config| config.get("scanner_name").is_some())?;
    Some(Ok(govulncheck(config, documents)))
}

/// Counts findings by severity.
#[derive(Default)]
struct Findings(BTreeMap<usize, Vec<String>>);

impl Findings {
    fn add(&mut self, severity: &str, id: &str) {
        let severity = match severity.to_ascii_lowercase().as_str() {
            "moderate" => "medium".to_owned(),
            "negligible" => "low".to_owned(),
            other => other.to_owned(),
        };
        let index = SEVERITIES
            .iter()
            .position(|known| *known == severity)
            .unwrap_or(SEVERITIES.len() - 1);
        self.0.entry(index).or_default().push(id.to_owned());
    }

    fn into_data(self, tool: &str) -> Data {
        let mut scan = Data::new();
        scan.insert("tool".to_owned(), json!(tool));
        for (index, severity) in SEVERITIES.iter().enumerate() {
            let count = self.0.get(&index).map_or(0, Vec::len);
            scan.insert((*severity).to_owned(), json!(count));
        }
        let mut worst: Vec<String> = Vec::new();
        for id in self.0.into_values().flatten() {
            if worst.len() < MAX_NAMES && !worst.contains(&id) {
                worst.push(id);
            }
        }
        scan.insert("worst".to_owned(), json!(worst));
        Data::from_iter([("scan".to_owned(), Value::Object(scan))])
    }
}

/// SARIF 2.1.0. The severity is GitHub's `security-severity` of the rule or the result (a CVSS score), else the level: an
/// error counts as high, a warning as medium, a note as low. Suppressed results do not count, nor do those that passed.
fn sarif(log: &Value) -> Result<Data, String> {
    let mut findings = Findings::default();
    let mut tools: Vec<&str> = Vec::new();
    for run in list(log, "runs") {
        let driver = run.pointer("/tool/driver").ok_or("a run names no tool")?;
        let tool = text(driver, "name");
        if !tools.contains(&tool) {
            tools.push(tool);
        }
        let failed = list(run, "invocations")
            .iter()
            .any(|run| run.get("executionSuccessful") == Some(&Value::Bool(false)));
        if failed {
            return Err(format!("{tool} says that it did not finish"));
        }
        // Rules of extensions count as the driver's own: CodeQL keeps all of its rules there.
        let components = std::iter::once(driver).chain(
            run.pointer("/tool/extensions")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        );
        let rules: BTreeMap<&str, &Value> = components
            .flat_map(|component| list(component, "rules"))
            .map(|rule| (text(rule, "id"), rule))
            .collect();
        // Absent results are those of a scan that did not take place (3.14.23).
        let results = run
            .get("results")
            .and_then(Value::as_array)
            .ok_or_else(|| format!("{tool} has no results: nothing was scanned"))?;
        for result in results {
            let kind = text(result, "kind");
            let is_over = ["pass", "notApplicable", "informational"].contains(&kind)
                || text(result, "baselineState") == "absent";
            if is_over || is_suppressed(result) {
                continue;
            }
            let id = match text(result, "ruleId") {
                "" => result
                    .pointer("/rule/id")
                    .and_then(Value::as_str)
                    .unwrap_or_default(),
                id => id,
            };
            let index = result.get("ruleIndex").and_then(Value::as_u64);
            let by_index = index
                .and_then(|index| usize::try_from(index).ok())
                .and_then(|index| list(driver, "rules").get(index));
            let by_id = rules.get(id).copied().or_else(|| {
                // `CA1000/1` is a part of the rule `CA1000` (3.27.5).
                rules.get(id.rsplit_once('/')?.0).copied()
            });
            // An index counts in the driver's own list only where the result names no other.
            let elsewhere = result.pointer("/rule/toolComponent").is_some();
            let rule = by_id.or(by_index.filter(|_| !elsewhere));
            // What somebody still has to look at (`open`, `review`) is of no known severity.
            let undecided = !(kind.is_empty() || kind == "fail");
            findings.add(
                if undecided {
                    "unknown"
                } else {
                    severity(result, rule)
                },
                id,
            );
        }
    }
    if tools.is_empty() {
        return Err("it holds no run of a scanner".to_owned());
    }
    Ok(findings.into_data(&tools.join(", ")))
}

fn is_suppressed(result: &Value) -> bool {
    list(result, "suppressions")
        .iter()
        .any(|suppression| ["", "accepted"].contains(&text(suppression, "status")))
}

fn severity(result: &Value, rule: Option<&Value>) -> &'static str {
    let score = [Some(result), rule]
        .into_iter()
        .flatten()
        .find_map(|holder| {
            let score = holder.pointer("/properties/security-severity")?;
            score.as_f64().or_else(|| score.as_str()?.parse().ok())
        });
    if let Some(score) = score {
        return match score {
            9.0.. => "critical",
            7.0.. => "high",
            4.0.. => "medium",
            _ if score > 0.0 => "low",
            _ => "unknown",
        };
    }
    let level = match text(result, "level") {
        "" => rule
            .and_then(|rule| rule.pointer("/defaultConfiguration/level"))
            .and_then(Value::as_str)
            .unwrap_or("warning"),
        level => level,
    };
    match level {
        "error" => "high",
        "warning" => "medium",
        "note" | "none" => "low",
        _ => "unknown",
    }
}

/// `trivy --format json`. Without a target, it found nothing to look at.
fn trivy(report: &Value) -> Result<Data, String> {
    let mut findings = Findings::default();
    if list(report, "Results").is_empty() {
        return Err("trivy has no results: nothing was scanned".to_owned());
    }
    for result in list(report, "Results") {
        for license in list(result, "Licenses") {
            findings.add(text(license, "Severity"), text(license, "Name"));
        }
        for vulnerability in list(result, "Vulnerabilities") {
            findings.add(
                text(vulnerability, "Severity"),
                text(vulnerability, "VulnerabilityID"),
            );
        }
        for secret in list(result, "Secrets") {
            findings.add(text(secret, "Severity"), text(secret, "RuleID"));
        }
        for check in list(result, "Misconfigurations") {
            if text(check, "Status") != "PASS" {
                findings.add(text(check, "Severity"), text(check, "ID"));
            }
        }
    }
    Ok(findings.into_data("trivy"))
}

/// `grype -o json`. What it ignored stands elsewhere in the file and does not count.
fn grype(report: &Value) -> Data {
    let mut findings = Findings::default();
    for found in list(report, "matches") {
        if let Some(vulnerability) = found.get("vulnerability") {
            findings.add(text(vulnerability, "severity"), text(vulnerability, "id"));
        }
    }
    findings.into_data("grype")
}

/// `govulncheck -json`: a finding whose trace names a function is called and counts as high; one that is only imported
/// counts as low. It knows no severities. A scan of modules or packages only (`scan_level`) cannot tell what is called.
fn govulncheck(config: &Value, documents: &[Value]) -> Data {
    let tells_calls = ["", "symbol"].contains(&text(config, "scan_level"));
    let mut called: BTreeMap<&str, bool> = BTreeMap::new();
    for finding in documents
        .iter()
        .filter_map(|document| document.get("finding"))
    {
        let is_called = list(finding, "trace")
            .first()
            .is_some_and(|frame| frame.get("function").is_some());
        *called.entry(text(finding, "osv")).or_default() |= is_called;
    }
    let mut findings = Findings::default();
    for (id, is_called) in called {
        let severity = match (is_called, tells_calls) {
            (true, _) => "high",
            (false, true) => "low",
            (false, false) => "unknown",
        };
        findings.add(severity, id);
    }
    findings.into_data("govulncheck")
}
