//! Gates from YAML.

use crate::gate::parse_duration;
use crate::policy::document::{Control, EvidenceSpec, Expression, GateSpec};
use crate::policy::node::{Fields, Reader};
use crate::syntax::yaml::Node;

use super::{Part, controls, id, message, places, stages};

impl Part for GateSpec {
    const WHAT: &'static str = "a gate";
    const FIELDS: &'static [&'static str] = &[
        "id",
        "title",
        "description",
        "stage",
        "stageExpression",
        "requiredWhen",
        "notRequired",
        "subjectWhen",
        "noSubject",
        "evaluableWhen",
        "notEvaluable",
        "notEvaluableExpression",
        "transient",
        "rules",
        "expression",
        "message",
        "messageExpression",
        "evidence",
        "help",
        "controls",
    ];
    fn id(&self) -> &str {
        &self.id
    }

    fn inherited(&self) -> Self {
        Self {
            rule_places: Vec::new(),
            span: crate::source::Span::default(),
            ..self.clone()
        }
    }
}

pub(super) fn gate(
    reader: &mut Reader,
    fields: &Fields<'_>,
    of_policy: &[Control],
    base: Option<&GateSpec>,
) -> GateSpec {
    let what = GateSpec::WHAT;
    let stage = match (fields.get("stage"), base) {
        (None, Some(base)) => Some(base.stage),
        _ => reader.required_word(fields, "stage", what, &stages()),
    };
    // A fixed stage takes the place of one that is computed.
    let stage_base = match fields.get("stage") {
        Some(_) => None,
        None => base.and_then(|base| base.stage_expression.as_ref()),
    };
    let own_controls = controls(reader, fields);
    let text = |of: fn(&GateSpec) -> &str| base.map_or("", of);
    let expression =
        |of: fn(&GateSpec) -> &Option<Expression>| base.and_then(|base| of(base).as_ref());
    let spec = GateSpec {
        id: id(reader, fields, "id", what),
        title: reader.text_or(fields, "title", text(|base| &base.title)),
        description: reader.text_or(fields, "description", text(|base| &base.description)),
        stage: stage.unwrap_or_default(),
        stage_expression: reader.expression_or(fields, "stageExpression", stage_base),
        required_when: reader.expression_or(
            fields,
            "requiredWhen",
            expression(|base| &base.required_when),
        ),
        not_required: reader.text_or(fields, "notRequired", text(|base| &base.not_required)),
        subject_when: reader.expression_or(
            fields,
            "subjectWhen",
            expression(|base| &base.subject_when),
        ),
        no_subject: reader.text_or(fields, "noSubject", text(|base| &base.no_subject)),
        evaluable_when: reader.expression_or(
            fields,
            "evaluableWhen",
            expression(|base| &base.evaluable_when),
        ),
        not_evaluable: message(
            reader,
            fields,
            "notEvaluable",
            "notEvaluableExpression",
            base.map(|base| &base.not_evaluable),
        ),
        transient: match (fields.get("transient"), base) {
            (None, Some(base)) => base.transient,
            _ => reader.flag(fields, "transient"),
        },
        rules: match (fields.get("rules"), base) {
            (None, Some(base)) => base.rules.clone(),
            _ => reader.texts(fields, "rules"),
        },
        rule_places: places(fields, "rules"),
        expression: reader.expression_or(fields, "expression", expression(|base| &base.expression)),
        message: message(
            reader,
            fields,
            "message",
            "messageExpression",
            base.map(|base| &base.message),
        ),
        evidence: match (fields.get("evidence"), base) {
            (Some(node), _) => Some(evidence(
                reader,
                node,
                base.and_then(|base| base.evidence.as_ref()),
            )),
            (None, base) => base.and_then(|base| base.evidence.clone()),
        },
        help: reader.text_or(fields, "help", text(|base| &base.help)),
        controls: if own_controls.is_empty() {
            base.map_or(of_policy, |base| &base.controls).to_vec()
        } else {
            own_controls
        },
        span: fields.span,
    };
    for (expression, text, names) in [
        (
            &spec.required_when,
            !spec.not_required.is_empty(),
            ["requiredWhen", "notRequired"],
        ),
        (
            &spec.subject_when,
            !spec.no_subject.is_empty(),
            ["subjectWhen", "noSubject"],
        ),
        (
            &spec.evaluable_when,
            !spec.not_evaluable.text.is_empty() || spec.not_evaluable.expression.is_some(),
            ["evaluableWhen", "notEvaluable"],
        ),
    ] {
        if expression.is_some() && !text {
            let [when, what] = names;
            reader.error(
                fields.span,
                format!("a gate with `{when}` needs `{what}`: why it is not looked at"),
            );
        }
    }
    if spec.rules.is_empty() && spec.expression.is_none() && spec.evidence.is_none() {
        reader
            .error(fields.span, "nothing closes this gate")
            .advise("give it `rules`, an `expression` or `evidence`");
    }
    spec
}

fn evidence(reader: &mut Reader, node: Node<'_>, base: Option<&EvidenceSpec>) -> EvidenceSpec {
    let fields = reader.fields(
        node,
        "evidence",
        &[
            "kind",
            "role",
            "minimum",
            "maxAge",
            "notAuthor",
            "bindPolicy",
            "trust",
            "secondWithin",
            "requires",
        ],
    );
    let Some(base) = base else {
        return EvidenceSpec {
            kind: reader.required(&fields, "kind", "evidence"),
            role: reader.text_of(&fields, "role"),
            minimum: reader.count(&fields, "minimum", 1),
            max_age: duration(reader, &fields, "maxAge", ""),
            unsigned: unsigned(reader, &fields, false),
            second_within: duration(reader, &fields, "secondWithin", ""),
            not_author: reader.flag(&fields, "notAuthor"),
            bind_policy: reader.flag(&fields, "bindPolicy"),
            requires: reader.texts(&fields, "requires"),
        };
    };
    let mut flag = |name, of| match fields.get(name) {
        Some(_) => reader.flag(&fields, name),
        None => of,
    };
    EvidenceSpec {
        not_author: flag("notAuthor", base.not_author),
        bind_policy: flag("bindPolicy", base.bind_policy),
        kind: reader.text_or(&fields, "kind", &base.kind),
        role: reader.text_or(&fields, "role", &base.role),
        minimum: reader.count(&fields, "minimum", base.minimum),
        max_age: duration(reader, &fields, "maxAge", &base.max_age),
        unsigned: unsigned(reader, &fields, base.unsigned),
        second_within: duration(reader, &fields, "secondWithin", &base.second_within),
        requires: match fields.get("requires") {
            Some(_) => reader.texts(&fields, "requires"),
            None => base.requires.clone(),
        },
    }
}

/// Whether an unsigned statement counts.
fn unsigned(reader: &mut Reader, fields: &Fields<'_>, base: bool) -> bool {
    fields
        .get("trust")
        .and_then(|node| reader.word(node, &[("signed", false), ("unsigned-ok", true)]))
        .unwrap_or(base)
}

/// A duration as ISO 8601 writes it, as it stands there.
fn duration(reader: &mut Reader, fields: &Fields<'_>, name: &str, base: &str) -> String {
    let text = reader.text_or(fields, name, base);
    if let Some(node) = fields.get(name).filter(|_| parse_duration(&text).is_none()) {
        reader
            .error(node.span(), format!("`{name}` is no duration: {text}"))
            .advise(
                "write it as ISO 8601 does, in weeks, days, hours, minutes and seconds: P7D, PT12H",
            );
    }
    text
}
