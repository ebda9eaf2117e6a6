//! Documents to a [`PolicySet`]: read, checked by name, and named by a digest.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::cel::{self, Mistake, Program};
use super::document::{Expression, GateSpec, Policy};
use super::error::{CONFIGURATION, PolicyError, PolicyErrors};
use super::node::Reader;
use super::suggest::did_you_mean;
use super::{builtin, check, read};
use crate::facts::tags::TagFact;

mod extend;

/// Where policies come from: one entry of `policies:` in the configuration, after files were found and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PolicySource {
    /// `builtin:<pack>`.
    Builtin(String),
    /// A file of the user's.
    File {
        /// Its path, as messages show it.
        path: String,
        /// Its content.
        text: Arc<str>,
    },
}

/// A policy with what it was read from.
#[derive(Debug)]
pub struct Loaded {
    /// The policy.
    pub policy: Policy,
    /// The file that it was read from.
    pub path: String,
    /// The file's content.
    pub text: Arc<str>,
    /// The values of its parameters.
    pub params: BTreeMap<String, Value>,
}

type Programs = HashMap<Arc<str>, Result<Arc<Program>, Mistake>>;

/// Loaded policies, ready to be evaluated.
#[derive(Debug, Default)]
pub struct PolicySet {
    policies: Vec<Loaded>,
    packs: Vec<String>,
    digest: String,
    /// The names of all rules, where they are known.
    rules: Option<BTreeSet<String>>,
    /// Programs by their text: an expression is read when it is first needed. A text means the same in every policy.
    programs: Mutex<Programs>,
    lasting: Mutex<Lasting>,
}

/// Values that follow from the tags and the parameters alone, by policy and variable: whoever judges many releases of one
/// repository evaluates them once. A policy without a name has the facts themselves.
#[derive(Debug, Default)]
struct Lasting {
    tags: Arc<Vec<TagFact>>,
    values: BTreeMap<(String, String), (cel::Value, u64)>,
}

/// A lock is poisoned when another thread panicked while it held it; what it left is whole.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl PolicySet {
    /// A value that was kept for these very tags, and what its copy costs.
    pub(super) fn lasting(
        &self,
        tags: &Arc<Vec<TagFact>>,
        policy: &str,
        name: &str,
    ) -> Option<(cel::Value, u64)> {
        let kept = lock(&self.lasting);
        let key = (policy.to_owned(), name.to_owned());
        let value = kept
            .values
            .get(&key)
            .filter(|_| Arc::ptr_eq(&kept.tags, tags));
        value.cloned()
    }

    /// Keeps a value for whoever judges with the same tags next.
    pub(super) fn keep_lasting(
        &self,
        tags: &Arc<Vec<TagFact>>,
        policy: &str,
        name: &str,
        value: (cel::Value, u64),
    ) {
        let mut kept = lock(&self.lasting);
        if !Arc::ptr_eq(&kept.tags, tags) {
            *kept = Lasting {
                tags: Arc::clone(tags),
                ..Lasting::default()
            };
        }
        let key = (policy.to_owned(), name.to_owned());
        kept.values.insert(key, value);
    }

    /// A set of one policy, for its examples.
    pub(super) fn of(loaded: Loaded) -> Self {
        Self {
            policies: vec![loaded],
            ..Self::default()
        }
    }

    /// Gives every policy those of the values that it has a parameter for. Nothing is checked.
    pub(super) fn give_params(&mut self, params: &BTreeMap<String, Value>) {
        self.lasting = Mutex::default();
        for loaded in &mut self.policies {
            for (name, value) in params {
                if let Some(known) = loaded.params.get_mut(name) {
                    known.clone_from(value);
                }
            }
        }
    }

    /// Gives each policy these values, in the order of the policies.
    pub(super) fn restore_params(&mut self, params: Vec<BTreeMap<String, Value>>) {
        self.lasting = Mutex::default();
        for (loaded, params) in self.policies.iter_mut().zip(params) {
            loaded.params = params;
        }
    }

    /// The policies in the order of the configuration.
    pub fn policies(&self) -> &[Loaded] {
        &self.policies
    }

    /// The gates of all policies, in the order of the documents.
    pub fn gates(&self) -> impl Iterator<Item = &GateSpec> {
        self.policies.iter().flat_map(|it| &it.policy.gates)
    }

    /// The names of the packs and files that they come from, in the order of the configuration.
    pub fn packs(&self) -> &[String] {
        &self.packs
    }

    /// `sha256:` and a digest of everything that decides what the policies say: documents and parameters.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The value of a parameter, by the first policy that has one of that name.
    pub fn param(&self, name: &str) -> Option<&Value> {
        self.policies
            .iter()
            .find_map(|loaded| loaded.params.get(name))
    }

    /// The names of all rules, where they are known.
    pub(super) fn rules(&self) -> Option<&BTreeSet<String>> {
        self.rules.as_ref()
    }

    /// No document of a user's is among them.
    fn is_built_in(&self) -> bool {
        self.packs.iter().all(|pack| pack.starts_with("builtin:"))
    }

    /// The program of an expression, read at its first use. It must be called with room on the stack.
    pub(super) fn program(&self, expression: &Expression) -> Result<Arc<Program>, Mistake> {
        let mut programs = lock(&self.programs);
        if let Some(known) = programs.get(&expression.text) {
            return known.clone();
        }
        let quick = if self.is_built_in() {
            cel::parse_built_in(&expression.text)
        } else {
            None
        };
        if let Some(program) = quick {
            let program = Ok(Arc::new(program));
            programs.insert(Arc::clone(&expression.text), program.clone());
            return program;
        }
        let program = match cel::parse(&expression.text) {
            Ok(syntax) => Ok(Arc::new(Program::new(syntax))),
            Err(mistakes) => Err(mistakes.into_iter().next().unwrap_or_default()),
        };
        programs.insert(Arc::clone(&expression.text), program.clone());
        program
    }
}

/// Reads and checks policies, and sets their parameters. An unknown parameter is a mistake.
///
/// Users' documents are checked in full, so that a mistake is told before anything is judged. The built-in ones are
/// checked by the project's tests.
pub fn load(
    sources: &[PolicySource],
    params: &BTreeMap<String, Value>,
) -> Result<PolicySet, PolicyErrors> {
    load_documents(sources, params, Options::default())
}

/// The same, with the names of all rules: a policy or a waiver that names another one is mistaken.
pub fn load_with_rules(
    sources: &[PolicySource],
    params: &BTreeMap<String, Value>,
    rules: &BTreeSet<String>,
) -> Result<PolicySet, PolicyErrors> {
    let options = Options {
        rules: Some(rules),
        ..Options::default()
    };
    load_documents(sources, params, options)
}

/// The same with the examples of the built-in policies, which a judgement does not need and would wait for.
pub fn load_with_examples(
    sources: &[PolicySource],
    params: &BTreeMap<String, Value>,
    rules: Option<&BTreeSet<String>>,
) -> Result<PolicySet, PolicyErrors> {
    let options = Options {
        examples: true,
        rules,
        ..Options::default()
    };
    load_documents(sources, params, options)
}

/// Everything that is built in, for its pages: packs that exclude each other stand side by side.
pub(super) fn load_all_built_in() -> Result<PolicySet, PolicyErrors> {
    let packs = builtin::PACKS
        .iter()
        .map(|pack| PolicySource::Builtin(pack.name.to_owned()));
    let options = Options {
        side_by_side: true,
        ..Options::default()
    };
    load_documents(&packs.collect::<Vec<_>>(), &BTreeMap::new(), options)
}

#[derive(Clone, Copy, Default)]
struct Options<'a> {
    /// With the examples of the built-in policies.
    examples: bool,
    /// Names and gates may repeat.
    side_by_side: bool,
    /// The names of all rules, where they are known.
    rules: Option<&'a BTreeSet<String>>,
}

impl Options<'_> {
    fn built_in(self, text: &str) -> Arc<str> {
        if self.examples {
            Arc::from(text)
        } else {
            Arc::from(without_examples(text))
        }
    }
}

/// Leaves out the `examples` of built-in documents, which are written in one form: a key of `spec`, its list deeper.
fn without_examples(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut inside = false;
    for line in text.split_inclusive('\n') {
        inside = match line.trim_end() {
            "  examples:" => true,
            "" => inside,
            _ => inside && line.starts_with("   "),
        };
        if !inside {
            kept.push_str(line);
        }
    }
    kept
}

fn load_documents(
    sources: &[PolicySource],
    params: &BTreeMap<String, Value>,
    options: Options<'_>,
) -> Result<PolicySet, PolicyErrors> {
    let mut set = PolicySet {
        rules: options.rules.cloned(),
        ..PolicySet::default()
    };
    let mut errors = Vec::new();
    let mut user = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let mut files = Vec::new();
    let open_pack = |pack: &str| -> Vec<read::Opened> {
        let files = builtin::files(pack).into_iter();
        files
            .map(|(path, text)| read::open(&path, &options.built_in(text)))
            .collect()
    };
    for source in sources {
        match source {
            PolicySource::Builtin(pack) => {
                if !seen.insert(pack.clone()) {
                    continue;
                }
                set.packs.push(format!("builtin:{pack}"));
                if !builtin::PACKS.iter().any(|known| known.name == pack) {
                    errors.push(unknown_pack(pack));
                }
                files.append(&mut open_pack(pack));
            }
            PolicySource::File { path, text } => {
                if !seen.insert(path.clone()) {
                    continue;
                }
                set.packs.push(path.clone());
                user.insert(path.clone());
                files.push(read::open(path, text));
            }
        }
    }
    for file in &mut files {
        errors.append(&mut file.errors);
    }
    let (policies, mut mistakes) = extend::read_all(&files, open_pack);
    errors.append(&mut mistakes);
    for read in policies {
        let params = read.policy.params.iter();
        let file = &files[read.file];
        set.policies.push(Loaded {
            params: params
                .map(|(name, param)| (name.clone(), param.default.clone()))
                .collect(),
            policy: read.policy,
            path: file.path().to_owned(),
            text: Arc::clone(file.text()),
        });
    }
    set_params(&mut set, params, &mut errors);
    if !options.side_by_side {
        repetitions(&set, &mut errors);
    }
    if !user.is_empty() {
        errors.extend(check::policies(&set, |loaded| user.contains(&loaded.path)));
    }
    if !errors.is_empty() {
        return Err(PolicyErrors(errors));
    }
    set.digest = digest(&set, &files);
    Ok(set)
}

fn without_place(message: String, label: &str) -> PolicyError {
    let mut reader = Reader::new(CONFIGURATION, Arc::from(""));
    let help = label.to_owned();
    reader.error(crate::source::Span::default(), message).help = help;
    reader.errors.remove(0)
}

fn unknown_pack(pack: &str) -> PolicyError {
    let mut help = did_you_mean(pack, builtin::PACKS.iter().map(|pack| pack.name));
    if help.is_empty() {
        let names: Vec<&str> = builtin::PACKS.iter().map(|pack| pack.name).collect();
        help = format!("there are {}", names.join(", "));
    }
    without_place(format!("there is no pack `builtin:{pack}`"), &help)
}

fn set_params(
    set: &mut PolicySet,
    params: &BTreeMap<String, Value>,
    errors: &mut Vec<PolicyError>,
) {
    for (name, value) in params {
        let mut known = false;
        for loaded in &mut set.policies {
            let Some(param) = loaded.policy.params.get(name) else {
                continue;
            };
            known = true;
            match param.accepts(value) {
                Ok(()) => {
                    loaded.params.insert(name.clone(), value.clone());
                }
                Err(why) => {
                    errors.push(without_place(
                        format!("parameter `{name}` of policy {} {why}", loaded.policy.name),
                        "",
                    ));
                }
            }
        }
        if !known {
            let names: BTreeSet<&str> = set
                .policies
                .iter()
                .flat_map(|loaded| loaded.policy.params.keys().map(String::as_str))
                .collect();
            let mut help = did_you_mean(name, names.iter().copied());
            if help.is_empty() {
                help = format!(
                    "there are {}",
                    names.into_iter().collect::<Vec<_>>().join(", ")
                );
            }
            errors.push(without_place(
                format!("no loaded policy has a parameter `{name}`"),
                &help,
            ));
        }
    }
}

/// Names of policies and ids of gates are unique among all, ids of demands and validations within their policy.
fn repetitions(set: &PolicySet, errors: &mut Vec<PolicyError>) {
    let mut names: BTreeMap<&str, &str> = BTreeMap::new();
    let mut gates: BTreeMap<&str, &str> = BTreeMap::new();
    for loaded in &set.policies {
        let policy = &loaded.policy;
        let mut reader = Reader::new(&loaded.path, Arc::clone(&loaded.text));
        if let Some(path) = names.insert(&policy.name, &loaded.path) {
            reader
                .error(
                    policy.span,
                    format!("policy `{}` is defined twice", policy.name),
                )
                .help = format!("the other one is in {path}");
        }
        let mut ids = BTreeSet::new();
        let demands = policy
            .demands
            .iter()
            .map(|demand| (&demand.id, &demand.trigger));
        let validations = policy
            .validations
            .iter()
            .map(|validation| (&validation.id, validation.trigger()));
        for (id, trigger) in demands.chain(validations) {
            if !ids.insert(id) {
                let mut of_file = Reader::new(&trigger.file.path, Arc::clone(&trigger.file.text));
                of_file.error(
                    trigger.span,
                    format!("`{id}` stands twice in policy `{}`", policy.name),
                );
                reader.errors.append(&mut of_file.errors);
            }
        }
        for gate in &policy.gates {
            if let Some(other) = gates.insert(&gate.id, &policy.name) {
                reader
                    .error(policy.span, format!("gate `{}` is defined twice", gate.id))
                    .help = format!("the other one is in policy `{other}`");
            }
        }
        errors.append(&mut reader.errors);
    }
}

/// A digest of files and parameters: whatever changes what the policies say changes it.
fn digest(set: &PolicySet, opened: &[read::Opened]) -> String {
    let mut hasher = Sha256::new();
    let mut part = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    };
    let mut files: BTreeMap<&str, &str> = opened
        .iter()
        .map(|file| (file.path(), &**file.text()))
        .collect();
    for loaded in &set.policies {
        // What is inherited from a pack that is not in force stands in a file that is not among these.
        for expression in loaded.policy.expressions() {
            files.insert(&expression.file.path, &expression.file.text);
        }
        part(&loaded.policy.name);
        for (name, value) in &loaded.params {
            part(name);
            part(&value.to_string());
        }
    }
    for (path, text) in files {
        part(path);
        part(text);
    }
    format!("sha256:{:x}", hasher.finalize())
}

#[cfg(test)]
mod tests;
