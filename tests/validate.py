"""Reads reports with programs that are not ours: `validate.py FORMAT FILE...`.

Prints one line of JSON for each file, with what the reader made of it; a file that a reader refuses ends the run.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sarif(path):
    """Microsoft's multitool: the OASIS schema, SARIF's own rules, and those of GitHub's code scanning."""
    tool = ROOT / ".venv/node/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
    with tempfile.TemporaryDirectory() as directory:
        out = pathlib.Path(directory) / "out.sarif"
        # The package was installed without its scripts, which would set this bit.
        tool.chmod(0o755)
        run = subprocess.run(
            [tool, "validate", path, "--rule-kind", "Sarif;Ghas", "--output", out],
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
            capture_output=True,
            text=True,
        )
        # Its exit status says nothing about the file.
        assert out.exists(), run.stdout + run.stderr
        remarks = json.loads(out.read_text())["runs"][0].get("results", [])
    wrong = [r["ruleId"] for r in remarks if r.get("level", "warning") in ("error", "warning")]
    # It wants snippets of files that it can read, and names of tools in a form that ours has not.
    wrong = [rule for rule in wrong if rule not in ("SARIF2017",)]
    assert not wrong, f"{Counter(wrong)}\n{run.stdout}"
    document = json.load(open(path))
    (run,) = document["runs"]
    levels = Counter(r["level"] for r in run["results"] if "suppressions" not in r)
    prints = [r["partialFingerprints"]["primaryLocationLineHash"] for r in run["results"]]
    assert len(prints) == len(set(prints)), "a fingerprint stands twice"
    return {"levels": levels, "judged": run["invocations"][0]["executionSuccessful"]}


def junit(path):
    import junitparser

    document = junitparser.JUnitXml.fromfile(path)
    states = Counter()
    for suite in document:
        for case in suite:
            kinds = [type(result).__name__.lower() for result in case.result] or ["pass"]
            states[kinds[0]] += 1
    assert document.tests == sum(states.values())
    return {"states": states, "suites": [suite.name for suite in document]}


def github(path):
    """The runner's reading of a line, from its documentation, and what GitHub's own @actions/core writes for the same."""
    levels = Counter()
    for line in pathlib.Path(path).read_text().splitlines():
        found = re.fullmatch(r"::([a-z-]+)(?: ([^:]*))?::(.*)", line)
        if not found:
            assert "::" not in line.lstrip()[:2] and "##[" not in line, line
            continue
        command, properties, message = found.groups()
        assert command in ("error", "warning", "notice"), line
        names = [item.split("=", 1)[0] for item in properties.split(",")]
        assert set(names) <= {"file", "line", "endLine", "col", "endColumn", "title"}, line
        assert message.strip(), line
        levels[command] += 1
    toolkit = [shutil.which("node"), ROOT / "tests/toolkit.cjs", path]
    run = subprocess.run(toolkit, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) == sum(levels.values()), run.stdout
    assert all(count <= 10 for count in levels.values()), levels
    return {"levels": levels}


def gitlab(path):
    """GitLab's documentation of the format as a schema."""
    schema = {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "severity", "location"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "minLength": 8},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^[^/]"},
                        "lines": {
                            "type": "object",
                            "required": ["begin"],
                            "properties": {"begin": {"type": "integer", "minimum": 1}},
                        },
                    },
                },
            },
        },
    }
    entries = with_schema(path, schema)
    prints = [entry["fingerprint"] for entry in entries]
    assert len(prints) == len(set(prints)), "GitLab would show equal fingerprints once"
    return {"severities": Counter(entry["severity"] for entry in entries)}


def with_schema(path, schema):
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "schema.json"
        file.write_text(json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **schema}))
        command = [ROOT / ".venv/bin/check-jsonschema", "--schemafile", file, path]
        run = subprocess.run(command, capture_output=True, text=True)
        assert run.returncode == 0, run.stdout + run.stderr
    return json.load(open(path))


def rdjsonl(path):
    """Reviewdog's messages as a schema: fields, ranges and columns in bytes."""
    position = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "line": {"type": "integer", "minimum": 1},
            "column": {"type": "integer", "minimum": 1},
        },
    }
    location = {
        "type": "object",
        "required": ["path"],
        "additionalProperties": False,
        "properties": {
            "path": {"type": "string", "minLength": 1},
            "range": {
                "type": "object",
                "required": ["start"],
                "additionalProperties": False,
                "properties": {"start": position, "end": position},
            },
        },
    }
    named = lambda name: {
        "type": "object",
        "required": [name],
        "additionalProperties": False,
        "properties": {name: {"type": "string"}, "url": {"type": "string", "format": "uri"}},
    }
    related = {"type": "object", "required": ["location"], "properties": {"location": location}}
    schema = {
        "type": "array",
        "items": {
            "type": "object",
            "required": ["message", "location"],
            "additionalProperties": False,
            "properties": {
                "message": {"type": "string", "minLength": 1},
                "location": location,
                "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
                "source": named("name"),
                "code": named("value"),
                "related_locations": {"type": "array", "items": related},
            },
        },
    }
    lines = [json.loads(line) for line in open(path, encoding="utf-8")]
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "lines.json"
        file.write_text(json.dumps(lines))
        with_schema(file, schema)
    return {"severities": Counter(line["severity"] for line in lines)}


def markdown(path):
    text = pathlib.Path(path).read_text()
    assert len(text) <= 65536, "GitHub refuses the comment"
    assert text.startswith("<!-- relgate:report -->\n")
    # What GitHub renders: no element but these may come out of a report.
    import cmarkgfm
    from cmarkgfm.cmark import Options
    import html5lib

    html = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    tree = html5lib.parseFragment(html, namespaceHTMLElements=False)
    names = Counter(element.tag for element in tree.iter() if isinstance(element.tag, str))
    plain = set(
        "DOCUMENT_FRAGMENT h2 h3 p strong code ol ul li table thead tbody tr th td br details summary sub a".split()
    )
    assert set(names) <= plain, names
    for link in tree.iter("a"):
        assert link.get("href").startswith("https://github.com/"), link.get("href")
    shown = "".join(t for e in tree.iter() if e.tag not in ("code", "a") for t in (e.text or "",))
    assert not re.search(r"(^|\s)@\w", shown), "somebody would be notified"
    return {"rows": names["tr"], "headings": names["h3"]}


def html(path):
    import html5lib

    text = pathlib.Path(path).read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    names = Counter(element.tag for element in tree.iter() if isinstance(element.tag, str))
    for element in ("script", "img", "iframe", "object", "link", "form"):
        assert not names[element], element
    for element in tree.iter():
        for attribute in element.attrib:
            assert not attribute.startswith("on") and attribute != "style", attribute
    return {"findings": names["article"], "sections": names["section"]}


def statement(path):
    from google.protobuf import json_format
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.statement import Statement

    document = json.load(open(path))
    proto = json_format.ParseDict(document, statement_pb2.Statement())
    Statement.copy_from_pb(proto).validate()
    return document


def svr(path):
    from google.protobuf import json_format
    from in_toto_attestation.v1 import resource_descriptor_pb2
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor

    document = statement(path)
    assert document["predicateType"] == "https://in-toto.io/attestation/svr/v0.2"
    predicate = document["predicate"]
    assert set(predicate) == {"verifier", "timeCreated", "properties"}
    for policy in predicate["verifier"]["policies"]:
        proto = json_format.ParseDict(policy, resource_descriptor_pb2.ResourceDescriptor())
        ResourceDescriptor.copy_from_pb(proto).validate()
    passed = [name for name in predicate["properties"] if name.startswith("RELGATE_PASS_")]
    return {"passed": bool(passed), "properties": len(predicate["properties"])}


def vsa(path):
    from google.protobuf import json_format
    from in_toto_attestation.predicates.vsa.v1 import vsa_pb2

    document = statement(path)
    # The package takes `verifiedLevels` for one string, which SLSA defines as a list, and does not know the verifier's
    # version, which SLSA 1.1 added; in-toto's parsing rules say to ignore what is new.
    levels = document["predicate"].pop("verifiedLevels")
    assert all(isinstance(level, str) for level in levels)
    json_format.ParseDict(
        document["predicate"], vsa_pb2.VerificationSummary(), ignore_unknown_fields=True
    )
    result = document["predicate"]["verificationResult"]
    assert result in ("PASSED", "FAILED")
    return {"passed": result == "PASSED", "levels": levels}


def oscal(path):
    from trestle.oscal.assessment_results import Model

    results = Model.parse_obj(json.load(open(path))).assessment_results.results
    states = Counter(f.target.status.state.value for f in results[0].findings or [])
    return {"states": states, "observations": len(results[0].observations)}


def json_report(path):
    document = json.load(open(path))
    assert document["schemaVersion"] == 1
    return {"verdict": document["decision"]["verdict"]}


def human(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    assert "\x1b" not in text
    return {"lines": len(text.splitlines())}


READERS = {name: reader for name, reader in globals().items() if callable(reader)}
READERS["json"] = json_report

if __name__ == "__main__":
    reader = READERS[sys.argv[1]]
    for name in sys.argv[2:]:
        try:
            print(json.dumps(reader(name), sort_keys=True))
        except Exception as error:
            sys.exit(f"{name}: {type(error).__name__}: {error}")
