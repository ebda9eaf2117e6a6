#!/usr/bin/env python3
"""Converts the conformance tests of google/cel-spec that need no protobuf into cel-spec.jsonl.

    python3 tests/data/cel-spec.py path/to/a/clone/of/cel-spec > tests/data/cel-spec.jsonl

The clone may be bare; HEAD is read. README.md says which commit was converted, and what the fields mean.
"""

import json
import re
import subprocess
import sys
from datetime import datetime, timezone

TOKEN = re.compile(
    r"""\s+|\#[^\n]*|(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<word>[-\w.+/]+)|(?P<sign>[\[\]{}:<>;,])""",
    re.DOTALL,
)
ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
NAMED = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
PRIMITIVES = {"INT64": "int", "UINT64": "uint", "DOUBLE": "double", "STRING": "string", "BYTES": "bytes", "BOOL": "bool"}
PROTOBUF = re.compile(r"TestAllTypes|google\.protobuf\.(?!Timestamp\b|Duration\b)|cel\.expr\.conformance|GlobalEnum|NestedEnum|\bproto\.")


class NeedsProtobuf(Exception):
    pass


def main() -> None:
    clone = sys.argv[1]
    tests = git(clone, "ls-tree", "-r", "--name-only", "HEAD", "tests/simple/testdata").splitlines()
    counts = {"kept": 0, "protobuf": 0, "other": 0}
    seen: dict[str, int] = {}
    for path in tests:
        if not path.endswith(".textproto"):
            continue
        file = parse(git(clone, "show", f"HEAD:{path}"))
        for section in file.get("section", []):
            for test in section.get("test", []):
                name = "/".join(text(part["name"][0]) for part in (file, section, test))
                seen[name] = seen.get(name, 0) + 1
                if seen[name] > 1:
                    name += f"#{seen[name]}"
                counts[keep(name, test)] += 1
    print(counts, file=sys.stderr)


def keep(name: str, test: dict) -> str:
    try:
        line = convert(name, test)
    except NeedsProtobuf:
        return "protobuf"
    if line is None:
        return "other"
    print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
    return "kept"


def convert(name: str, test: dict) -> dict | None:
    """One line; nothing for what only asks for a static type, or for macros to be off."""
    expr = text(test["expr"][0])
    container = text(test.get("container", [b""])[0])
    if PROTOBUF.search(expr) or PROTOBUF.search(container) or container == "google.protobuf":
        raise NeedsProtobuf
    if is_true(test, "check_only") or is_true(test, "disable_macros"):
        return None
    line = {"id": name, "expr": expr}
    if container:
        line["container"] = container
    if is_true(test, "disable_check"):
        line["unchecked"] = True
    for declaration in test.get("type_env", []):
        if "ident" in declaration:
            kind = of_type(declaration["ident"][0]["type"][0])
            line.setdefault("types", {})[text(declaration["name"][0])] = kind
        else:
            # Functions that only a test declares: nothing can be called.
            line["functions"] = True
    for binding in test.get("bindings", []):
        value = binding["value"][0]["value"][0]
        line.setdefault("bindings", {})[text(binding["key"][0])] = of_value(value)
    if "typed_result" in test:
        line["value"] = of_value(test["typed_result"][0]["result"][0])
    elif "value" in test:
        line["value"] = of_value(test["value"][0])
    elif "eval_error" in test or "any_eval_errors" in test:
        line["error"] = True
    else:
        # Without a result, a test asks for `true`.
        line["value"] = {"bool": True}
    return line


def is_true(test: dict, field: str) -> bool:
    return test.get(field) == ["true"]


def of_type(kind: dict | str) -> str:
    if "primitive" in kind:
        return PRIMITIVES[kind["primitive"][0]]
    if "list_type" in kind:
        return "list"
    if "map_type" in kind:
        return "map"
    if "well_known" in kind:
        return kind["well_known"][0].lower()
    if "null" in kind:
        return "null"
    if "dyn" in kind or "type" in kind or "abstract_type" in kind:
        return "dyn"
    raise NeedsProtobuf


def of_value(value: dict) -> dict:
    ((field, (content, *_)),) = value.items()
    match field:
        case "int64_value":
            return {"int": int(content)}
        case "uint64_value":
            return {"uint": int(content)}
        case "double_value":
            return {"double": str(float(content))}
        case "bool_value":
            return {"bool": content == "true"}
        case "string_value":
            return {"string": text(content)}
        case "bytes_value":
            return {"bytes": content.hex()}
        case "null_value":
            return {"null": None}
        case "type_value":
            return {"type": text(content)}
        case "list_value":
            return {"list": [of_value(item) for item in content.get("values", [])]}
        case "map_value":
            entries = content.get("entries", [])
            return {"map": [[of_value(entry["key"][0]), of_value(entry["value"][0])] for entry in entries]}
        case "object_value":
            ((url, (fields, *_)),) = content.items()
            kind = url.rsplit("/", 1)[-1]
            seconds, nanos = (int(fields.get(name, ["0"])[0]) for name in ("seconds", "nanos"))
            if kind == "google.protobuf.Duration":
                return {"duration": [seconds, nanos]}
            if kind == "google.protobuf.Timestamp":
                return {"timestamp": [seconds, nanos]}
    raise NeedsProtobuf


def parse(source: str) -> dict:
    """A message of the text format: each field a list of its values, texts as bytes, numbers and names as they stand."""
    tokens = []
    at = 0
    while at < len(source):
        match = TOKEN.match(source, at)
        if not match:
            sys.exit(f"cannot read {source[at : at + 40]!r}")
        at = match.end()
        if match.lastgroup:
            tokens.append((match.lastgroup, match[match.lastgroup]))
    message, rest = fields(tokens, 0)
    assert rest == len(tokens)
    return message


def fields(tokens: list, at: int) -> tuple[dict, int]:
    message: dict = {}
    while at < len(tokens) and tokens[at][1] not in ("}", ">"):
        if tokens[at][1] in (";", ","):
            at += 1
            continue
        if tokens[at][1] == "[":
            end = next(index for index in range(at, len(tokens)) if tokens[index][1] == "]")
            name = "".join(token for _, token in tokens[at + 1 : end])
            at = end + 1
        else:
            name = tokens[at][1]
            at += 1
        if tokens[at][1] == ":":
            at += 1
        if tokens[at][1] == "[":
            at += 1
            while tokens[at][1] != "]":
                value, at = one_value(tokens, at)
                message.setdefault(name, []).append(value)
                if tokens[at][1] == ",":
                    at += 1
            at += 1
        else:
            value, at = one_value(tokens, at)
            message.setdefault(name, []).append(value)
    return message, at


def one_value(tokens: list, at: int) -> tuple[object, int]:
    kind, token = tokens[at]
    if token in ("{", "<"):
        message, at = fields(tokens, at + 1)
        return message, at + 1
    if kind != "text":
        return token, at + 1
    whole = b""
    while at < len(tokens) and tokens[at][0] == "text":
        whole += ESCAPE.sub(unescape, tokens[at][1][1:-1].encode())
        at += 1
    return whole, at


def unescape(match: re.Match) -> bytes:
    octal, hexadecimal, short, long, letter = match.groups()
    if octal:
        return bytes([int(octal, 8)])
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if short or long:
        return chr(int(short or long, 16)).encode()
    return NAMED.get(letter, letter)


def text(value: bytes) -> str:
    return value.decode()


def git(clone: str, *arguments: str) -> str:
    command = ["git", "-C", clone, *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


if __name__ == "__main__":
    main()
