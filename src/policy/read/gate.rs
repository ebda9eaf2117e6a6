//! Gates from YAML.

use crate::gate::parse_duration;
use crate::policy::document::{Control, EvidenceSpec, GateSpec};
use crate::policy::node::{Fields, Reader};
use crate::syntax::yaml::Node;

use super::{STAGES, controls, id, message};

pub(super) fn gate(reader: &mut Reader, node: Node<'_>, of_policy: &[Control]) -> GateSpec {
    let what = "a gate";
    let fields = reader.fields(
        node,
        what,
        &[
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
            "rules",
            "expression",
            "message",
            "messageExpression",
            "evidence",
            "help",
            "controls",
        ],
    );
    let stage = reader.required_word(&fields, "stage", what, STAGES);
    let own_controls = controls(reader, &fields);
    let spec = GateSpec {
        id: id(reader, &fields, "id", what),
        title: reader.text_of(&fields, "title"),
        description: reader.text_of(&fields, "description"),
        stage: stage.unwrap_or_default(),
        stage_expression: reader.expression(&fields, "stageExpression"),
        required_when: reader.expression(&fields, "requiredWhen"),
        not_required: reader.text_of(&fields, "notRequired"),
        subject_when: reader.expression(&fields, "subjectWhen"),
        no_subject: reader.text_of(&fields, "noSubject"),
        evaluable_when: reader.expression(&fields, "evaluableWhen"),
        not_evaluable: message(reader, &fields, "notEvaluable", "notEvaluableExpression"),
        rules: reader.texts(&fields, "rules"),
        expression: reader.expression(&fields, "expression"),
        message: message(reader, &fields, "message", "messageExpression"),
        evidence: fields.get("evidence").map(|node| evidence(reader, node)),
        help: reader.text_of(&fields, "help"),
        controls: if own_controls.is_empty() {
            of_policy.to_vec()
        } else {
            own_controls
        },
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

fn evidence(reader: &mut Reader, node: Node<'_>) -> EvidenceSpec {
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
    EvidenceSpec {
        kind: reader.required(&fields, "kind", "evidence"),
        role: reader.text_of(&fields, "role"),
        minimum: reader.count(&fields, "minimum", 1),
        max_age: duration(reader, &fields, "maxAge"),
        not_author: reader.flag(&fields, "notAuthor"),
        bind_policy: reader.flag(&fields, "bindPolicy"),
        unsigned: fields
            .get("trust")
            .and_then(|node| reader.word(node, &[("signed", false), ("unsigned-ok", true)]))
            .unwrap_or_default(),
        second_within: duration(reader, &fields, "secondWithin"),
        requires: reader.texts(&fields, "requires"),
    }
}

/// A duration as ISO 8601 writes it, as it stands there.
fn duration(reader: &mut Reader, fields: &Fields<'_>, name: &str) -> String {
    let text = reader.text_of(fields, name);
    if let Some(node) = fields.get(name).filter(|_| parse_duration(&text).is_none()) {
        reader
            .error(node.span(), format!("`{name}` is no duration: {text}"))
            .advise(
                "write it as ISO 8601 does, in weeks, days, hours, minutes and seconds: P7D, PT12H",
            );
    }
    text
}
