//! What the templates make, as far as it stands in them as text: kinds, hooks, strategies, replicas. Nothing is rendered, so
//! that what a template computes is unknown here.

use crate::source::{Location, SourceId, Span};
use crate::syntax::yaml::{KeyPath, Value};

/// An object that a template makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The template.
    pub path: String,
    /// `Deployment`, `Job`, ...
    pub kind: String,
    /// Its name, where it was rendered; empty where it was read from a template.
    pub name: String,
    /// `apps/v1`, as far as it stands there as text.
    pub api: String,
    /// The phases of its `helm.sh/hook` annotation.
    pub hooks: Vec<String>,
    /// How its pods are replaced.
    pub strategy: Strategy,
    /// How many pods it asks for, where that can be told.
    pub replicas: Option<i64>,
    /// It stops trying after a time (`activeDeadlineSeconds`).
    pub deadline: bool,
    /// Its text speaks of migrations.
    pub migrates: bool,
    /// The dotted key that turns it on: the one that an `if` around it asks for.
    pub enabled_by: String,
    /// What Kubernetes never lets change: selector, service name, claim templates, and of a rendered Job that is no hook its pod.
    /// Of a template the lines, without white space around them; of what was rendered the JSON.
    pub immutable: Vec<(&'static str, String)>,
    /// The claim templates of a `StatefulSet` carry the chart's labels, which hold its version.
    pub versioned_claims: Option<Location>,
    /// The place of its kind.
    pub location: Location,
    /// The place of its strategy.
    pub strategy_location: Location,
}

/// How pods are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Strategy {
    /// Nothing is said: Kubernetes rolls.
    Default,
    /// `RollingUpdate`, `Recreate`, `OnDelete`.
    Named(String),
    /// A template computes it.
    Computed,
}

/// What is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplateDefect {
    /// It is no Go template.
    Syntax(String),
    /// Its name ends in something that Helm does not take.
    Extension,
    /// Its API is gone.
    RemovedApi {
        /// The API version.
        api: String,
        /// The kind.
        kind: String,
        /// The version of Kubernetes that removed it.
        since: &'static str,
        /// What to use.
        instead: &'static str,
    },
}

/// API versions that Kubernetes has removed ("Deprecated API Migration Guide"): kind, version, when, what instead.
const REMOVED: [(&str, &str, &str, &str); 20] = [
    ("Deployment", "extensions/v1beta1", "1.16", "apps/v1"),
    ("Deployment", "apps/v1beta1", "1.16", "apps/v1"),
    ("Deployment", "apps/v1beta2", "1.16", "apps/v1"),
    ("DaemonSet", "extensions/v1beta1", "1.16", "apps/v1"),
    ("DaemonSet", "apps/v1beta2", "1.16", "apps/v1"),
    ("StatefulSet", "apps/v1beta1", "1.16", "apps/v1"),
    ("StatefulSet", "apps/v1beta2", "1.16", "apps/v1"),
    (
        "NetworkPolicy",
        "extensions/v1beta1",
        "1.16",
        "networking.k8s.io/v1",
    ),
    (
        "Ingress",
        "extensions/v1beta1",
        "1.22",
        "networking.k8s.io/v1",
    ),
    (
        "Ingress",
        "networking.k8s.io/v1beta1",
        "1.22",
        "networking.k8s.io/v1",
    ),
    (
        "CustomResourceDefinition",
        "apiextensions.k8s.io/v1beta1",
        "1.22",
        "apiextensions.k8s.io/v1",
    ),
    (
        "ClusterRole",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "ClusterRoleBinding",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "Role",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    (
        "RoleBinding",
        "rbac.authorization.k8s.io/v1beta1",
        "1.22",
        "rbac.authorization.k8s.io/v1",
    ),
    ("PodDisruptionBudget", "policy/v1beta1", "1.25", "policy/v1"),
    (
        "PodSecurityPolicy",
        "policy/v1beta1",
        "1.25",
        "Pod Security Admission",
    ),
    ("CronJob", "batch/v1beta1", "1.25", "batch/v1"),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta1",
        "1.25",
        "autoscaling/v2",
    ),
    (
        "HorizontalPodAutoscaler",
        "autoscaling/v2beta2",
        "1.26",
        "autoscaling/v2",
    ),
];

/// The defect of a template's name, or of the APIs that it names without asking the cluster.
pub(super) fn defects(
    path: &str,
    text: &str,
    source: SourceId,
    manifests: &[Manifest],
) -> Vec<(Location, TemplateDefect)> {
    let mut found = Vec::new();
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if !matches!(extension, "yaml" | "yml" | "tpl" | "txt") {
        let location = Location {
            source,
            span: Span::default(),
        };
        found.push((location, TemplateDefect::Extension));
    }
    if text.contains("Capabilities") {
        return found;
    }
    for manifest in manifests {
        let removed = REMOVED
            .iter()
            .find(|(kind, api, ..)| *kind == manifest.kind && *api == manifest.api);
        if let Some((kind, api, since, instead)) = removed {
            let defect = TemplateDefect::RemovedApi {
                api: (*api).to_owned(),
                kind: (*kind).to_owned(),
                since,
                instead,
            };
            found.push((manifest.location, defect));
        }
    }
    found
}

/// The objects of a template, in the order of the text.
pub(super) fn read(path: &str, text: &str, source: SourceId, values: &Value) -> Vec<Manifest> {
    let is_manifest = path.ends_with(".yaml") || path.ends_with(".yml");
    if !is_manifest
        || path
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with('_'))
    {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut lines: Vec<Line<'_>> = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let code = line.trim_end();
        if code == "---" || code.starts_with("--- ") {
            found.extend(manifest(path, &lines, source, values));
            lines.clear();
        } else {
            lines.push(Line {
                start: at,
                text: code,
            });
        }
        at += line.len();
    }
    found.extend(manifest(path, &lines, source, values));
    found
}

#[derive(Clone, Copy)]
struct Line<'t> {
    start: usize,
    text: &'t str,
}

impl<'t> Line<'t> {
    fn indent(&self) -> usize {
        self.text.len() - self.text.trim_start().len()
    }

    /// The value behind `key:`, without a comment and quotes.
    fn value_of(&self, key: &str) -> Option<&'t str> {
        let rest = self
            .text
            .trim_start()
            .trim_start_matches("- ")
            .strip_prefix(key)?
            .strip_prefix(':')?;
        Some(
            rest.trim()
                .split(" #")
                .next()
                .unwrap_or("")
                .trim()
                .trim_matches(['"', '\'']),
        )
    }

    fn is_action(&self) -> bool {
        self.text.trim_start().starts_with("{{")
    }
}

fn manifest(path: &str, lines: &[Line<'_>], source: SourceId, values: &Value) -> Option<Manifest> {
    let top = |key: &str| {
        lines
            .iter()
            .filter(|line| line.indent() == 0)
            .find_map(|line| Some((*line, line.value_of(key)?)))
    };
    let (kind_line, kind) = top("kind")?;
    if kind.is_empty() || kind.contains("{{") {
        return None;
    }
    let place = |line: Line<'_>| Location {
        source,
        span: Span::new(line.start + line.indent(), line.start + line.text.len()),
    };
    let find = |key: &str| lines.iter().position(|line| line.value_of(key).is_some());
    let hooks = lines
        .iter()
        .find_map(|line| {
            line.value_of("\"helm.sh/hook\"")
                .or_else(|| line.value_of("helm.sh/hook"))
        })
        .filter(|value| !value.contains("{{"))
        .map_or_else(Vec::new, |value| {
            value
                .split(',')
                .map(|hook| hook.trim().to_owned())
                .collect()
        });
    let strategy_at = find("strategy").or_else(|| find("updateStrategy"));
    let (strategy, strategy_line) =
        strategy_at.map_or((Strategy::Default, kind_line), |at| strategy(lines, at));
    let replicas = find("replicas").and_then(|at| number(lines[at].value_of("replicas")?, values));
    let text = || lines.iter().map(|line| line.text.to_ascii_lowercase());
    let claims = find("volumeClaimTemplates").map(|at| block(lines, at));
    let mut immutable = Vec::new();
    if kind == "StatefulSet" || kind == "Deployment" || kind == "DaemonSet" {
        for key in ["selector", "serviceName", "volumeClaimTemplates"] {
            if kind != "StatefulSet" && key != "selector" {
                continue;
            }
            let Some(at) = lines
                .iter()
                .position(|line| line.indent() == 2 && line.value_of(key).is_some())
            else {
                continue;
            };
            let written: Vec<&str> = block(lines, at)
                .iter()
                .map(|line| without_comment(line.text).trim())
                .filter(|code| !code.is_empty())
                .collect();
            immutable.push((key, written.join("\n")));
        }
    }
    let versioned_claims = claims.and_then(|lines| {
        lines
            .iter()
            .find(|line| {
                let code = without_comment(line.text);
                code.contains("helm.sh/chart")
                    || code.contains(".Chart.Version")
                    || code.contains("app.kubernetes.io/version")
            })
            .map(|line| place(*line))
    });
    Some(Manifest {
        path: path.to_owned(),
        kind: kind.to_owned(),
        name: String::new(),
        api: top("apiVersion").map_or("", |(_, api)| api).to_owned(),
        hooks,
        strategy,
        replicas,
        deadline: find("activeDeadlineSeconds").is_some(),
        migrates: path.to_ascii_lowercase().contains("migrat")
            || text().any(|line| line.contains("migrat") && !line.trim_start().starts_with('#')),
        enabled_by: enabled_by(lines, kind_line.start),
        immutable,
        versioned_claims,
        location: place(kind_line),
        strategy_location: place(strategy_line),
    })
}

/// The first key that an `if` before the kind asks for and that sounds like a switch.
fn enabled_by(lines: &[Line<'_>], kind: usize) -> String {
    lines
        .iter()
        .take_while(|line| line.start < kind)
        .filter(|line| line.text.contains("if "))
        .flat_map(|line| line.text.split(".Values.").skip(1))
        .map(|rest| {
            rest.split(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_')))
                .next()
                .unwrap_or("")
        })
        .find(|key| {
            let last = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
            [
                "enabled",
                "enable",
                "create",
                "run",
                "migrate",
                "migrations",
            ]
            .contains(&last.as_str())
        })
        .unwrap_or("")
        .to_owned()
}

/// A line and those below it that are indented deeper.
fn block<'l, 't>(lines: &'l [Line<'t>], at: usize) -> &'l [Line<'t>] {
    let indent = lines.get(at).map_or(0, Line::indent);
    let rest = lines.get(at + 1..).unwrap_or(&[]);
    let length = rest
        .iter()
        .take_while(|line| {
            line.text.trim().is_empty()
                || line.indent() > indent
                || line.is_action()
                || line.text.trim_start().starts_with("- ") && line.indent() == indent
        })
        .count();
    lines.get(at..=at + length).unwrap_or(&[])
}

fn strategy<'t>(lines: &[Line<'t>], at: usize) -> (Strategy, Line<'t>) {
    let start = lines[at];
    let own = start
        .value_of("strategy")
        .or_else(|| start.value_of("updateStrategy"))
        .unwrap_or("");
    if own.contains("{{") {
        return (Strategy::Computed, start);
    }
    if let Some((_, inline)) = own.split_once("type:") {
        let word = inline.trim().trim_matches(['}', '"', '\'', ' ']);
        return (Strategy::Named(word.to_owned()), start);
    }
    for line in block(lines, at).iter().skip(1) {
        if let Some(word) = line.value_of("type") {
            let named = if word.contains("{{") {
                Strategy::Computed
            } else {
                Strategy::Named(word.to_owned())
            };
            return (named, *line);
        }
        if line.text.contains("{{")
            && !line.text.contains("{{- if")
            && !line.text.contains("{{- with")
            && !line.text.contains("end }}")
        {
            return (Strategy::Computed, *line);
        }
    }
    (Strategy::Computed, start)
}

/// A number that stands there, or the default of the one value that does.
fn number(text: &str, values: &Value) -> Option<i64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let inside = text
        .strip_prefix("{{")?
        .strip_suffix("}}")?
        .trim_matches(['-', ' ']);
    let path = inside
        .strip_prefix("$")
        .unwrap_or(inside)
        .strip_prefix(".Values.")?;
    if !path
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '.' | '_'))
    {
        return None;
    }
    values.at(&KeyPath::parse(path))?.rendered()?.parse().ok()
}

/// A line without what YAML takes for a comment; a `#` within quotes is taken for one too.
fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with('#') {
        return "";
    }
    line.split_once(" #").map_or(line, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::syntax::yaml::{parse_helm, resolve_helm};

    fn told(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let source = sources.add("templates/a.yaml", "", text);
        let values = resolve_helm(&parse_helm("replicaCount: 3\n").value[0]).value;
        read("templates/a.yaml", text, source, &values)
            .into_iter()
            .map(|found| {
                format!(
                    "{} {:?} {:?} {:?} {}",
                    found.kind,
                    found.strategy,
                    found.replicas,
                    found.hooks,
                    sources.text(found.strategy_location)
                )
            })
            .collect()
    }

    #[test]
    fn objects_are_read_from_templates() {
        for (text, expected) in [
            (
                "apiVersion: v1\nkind: Service\n",
                vec!["Service Default None [] kind: Service"],
            ),
            (
                "kind: Deployment\nspec:\n  replicas: {{ .Values.replicaCount }}\n  strategy:\n    type: Recreate\n",
                vec!["Deployment Named(\"Recreate\") Some(3) [] type: Recreate"],
            ),
            (
                "kind: Deployment\nspec:\n  replicas: 1\n  {{- with .Values.strategy }}\n  strategy:\n    {{- toYaml . | nindent 4 }}\n  {{- end }}\n",
                vec!["Deployment Computed Some(1) [] {{- toYaml . | nindent 4 }}"],
            ),
            (
                "kind: Deployment\nspec:\n  strategy: {type: Recreate}\n---\nkind: Job\nmetadata:\n  annotations:\n    \"helm.sh/hook\": pre-install,pre-upgrade\n",
                vec![
                    "Deployment Named(\"Recreate\") None [] strategy: {type: Recreate}",
                    "Job Default None [\"pre-install\", \"pre-upgrade\"] kind: Job",
                ],
            ),
            ("kind: {{ .Values.kind }}\n", vec![]),
            ("{{ include \"x\" . }}\n", vec![]),
        ] {
            assert_eq!(told(text), expected, "{text}");
        }
    }

    #[test]
    fn a_comment_is_no_label() {
        let text = "kind: StatefulSet\nspec:\n  volumeClaimTemplates:\n    - metadata:\n        # helm.sh/chart changes with every release\n        labels: # not app.kubernetes.io/version\n          a: b\n";
        let source = Sources::default().add("templates/a.yaml", "", text);
        let found = &read("templates/a.yaml", text, source, &Value::empty_map())[0];
        assert!(found.versioned_claims.is_none());
        let (_, claims) = &found.immutable[0];
        assert_eq!(claims, "volumeClaimTemplates:\n- metadata:\nlabels:\na: b");
    }

    #[test]
    fn what_never_changes_is_kept_to_compare() {
        let text = "kind: StatefulSet\nspec:\n  serviceName: a\n  selector:\n    matchLabels:\n      a: b\n  volumeClaimTemplates:\n    - metadata:\n        labels:\n          helm.sh/chart: x\n  template: {}\n";
        let source = Sources::default().add("templates/a.yaml", "", text);
        let found = &read("templates/a.yaml", text, source, &Value::empty_map())[0];
        let names: Vec<&str> = found.immutable.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["selector", "serviceName", "volumeClaimTemplates"]);
        assert!(found.versioned_claims.is_some());
    }
}
