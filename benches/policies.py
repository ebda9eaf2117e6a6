#!/usr/bin/env python3
"""What evaluating policies costs, beside the same logic in Rego.

    make bench

A made-up release has 1,000 migrations of 5 statements each. `relgate facts` writes what policies see of it. The three default packs
of relgate are evaluated over that file by `relgate policy test`, and by `regorus` the part of them that goes through migrations
(`migrations.rego`): the demands of `migration-safety`, and three gates of `release-process`. Each is also run with a policy that
does nothing, so that the difference is what evaluation costs without reading the file.

Then the start of a process: `relgate check` in a repository without migrations, with all packs that can be in force together; and the
same with 200 policies more whose conditions do not match.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from compare import ROOT, WORK, data, measure, summary

RELGATE = WORK.parent / "release" / "relgate"
PACKS = ["release-process", "migration-safety", "helm"]
MORE_PACKS = ["semver", "change-management"]
MIGRATIONS = 1_000
SILENT = 200
RUNS = 9


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    rego = build_rego()
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        evaluation(Path(scratch), rego)
        start(Path(scratch))


def build_rego() -> Path:
    target = WORK / "rego"
    command = ["cargo", "build", "--quiet", "--release", "--manifest-path", str(ROOT / "benches" / "rego" / "Cargo.toml"), "--target-dir", str(target)]
    subprocess.run(command, check=True)
    return target / "release" / "relgate-bench-rego"


def evaluation(scratch: Path, rego: Path) -> None:
    repository = scratch / "repository"
    history(repository, {path: text for number in range(1, MIGRATIONS + 1) for path, text in migration(number).items()})
    facts = subprocess.run([RELGATE, "--repo", repository, "facts", "--tag", "v1.1.0"], check=True, capture_output=True).stdout
    (scratch / "facts.json").write_bytes(facts)
    write_test(scratch / "packs_test.yaml", [f"builtin:{pack}" for pack in PACKS])
    (scratch / "nothing.yaml").write_text(policy("nothing", "release.tag == 'never'"))
    write_test(scratch / "nothing_test.yaml", ["nothing.yaml"])
    (scratch / "nothing.rego").write_text("package relgate\n\nimport rego.v1\n\ndecision := count(input.tags)\n")
    packs, nothing = (cost([RELGATE, "policy", "test", f"{name}_test.yaml"], scratch) for name in ("packs", "nothing"))
    source = ROOT / "benches" / "migrations.rego"
    theirs, read = (cost([rego, path, "facts.json", "data.relgate.decision"], scratch) for path in (source, scratch / "nothing.rego"))
    found = json.loads(facts)["migrations"]
    print(f"\nPolicies over {len(found['added'])} migration files with {len(found['operations'])} statements, {len(facts) / 1e6:.1f} MB of facts\n")
    print(f"{'CPU ms':34}{'whole process':>14}{'reading':>10}{'evaluation':>12}")
    print(f"{'relgate, ' + ', '.join(PACKS[:2]) + ' ...':34}{packs:14.1f}{nothing:10.1f}{packs - nothing:12.1f}")
    print(f"{'regorus, what concerns migrations':34}{theirs:14.1f}{read:10.1f}{theirs - read:12.1f}")
    print(f"\nrelgate takes {(packs - nothing) / max(theirs - read, 0.1):.2f} times the CPU time of regorus to evaluate, {packs / theirs:.2f} times as a process")


def start(scratch: Path) -> None:
    repository = scratch / "empty"
    history(repository, {})
    packs = [f"builtin:{pack}" for pack in PACKS + MORE_PACKS]
    (repository / "relgate.yaml").write_text(f"policies: {json.dumps(packs)}\n")
    check = [RELGATE, "--repo", repository, "check"]
    plain = cost(check, repository)
    (repository / "silent").mkdir()
    body = "release.tag.startsWith('v') && commits.all(c, c.summary.matches('^[a-z]+: .*$'))"
    for number in range(SILENT):
        text = policy(f"silent-{number}", body, "release.kind == 'hotfix'")
        (repository / "silent" / f"{number}.yaml").write_text(text)
    (repository / "relgate.yaml").write_text(f"policies: {json.dumps([*packs, 'silent/'])}\n")
    silent = cost(check, repository)
    print(f"\n`relgate check` without migrations, all {len(packs)} packs: {plain:.1f} ms of CPU")
    print(f"the same and {SILENT} policies in files whose conditions do not match: {silent:.1f} ms, {(silent - plain) / SILENT * 1000:.0f} µs for reading and checking each")


def cost(command: list, directory: Path) -> float:
    """The CPU milliseconds of a process: the median of a few runs."""
    cpu, _, _ = summary([measure(command, directory, cache=WORK / "policies-cache") for _ in range(RUNS)])
    return 1000 * cpu


def write_test(path: Path, policies: list[str]) -> None:
    path.write_text(
        "apiVersion: relgate.dev/v1alpha1\nkind: PolicyTest\nmetadata: { name: bench }\nspec:\n"
        f"  policies: {json.dumps(policies)}\n  facts: facts.json\n"
        "  tests: [{ name: a thousand migrations, expect: { gates: {}, findings: [] } }]\n"
    )


def policy(name: str, match: str, condition: str = "true") -> str:
    return (
        f"apiVersion: relgate.dev/v1alpha1\nkind: ReleasePolicy\nmetadata: {{ name: {name} }}\nspec:\n"
        f"  matchConditions: [{{ name: c, expression: \"{condition}\" }}]\n"
        f"  validations:\n    - id: v\n      message: m\n      severity: info\n      match: \"{match}\"\n"
    )


def history(repository: Path, files: dict[str, str]) -> None:
    """A release, and a second one with these files."""
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    head = "commit refs/heads/main\ncommitter Ada Cooper <ada@example.org> {} +0000\n"
    parts = [head.format(1_700_000_000), data("docs: begin"), f"M 644 inline README.md\n{data('Cellar')}"]
    parts.append("reset refs/tags/v1.0.0\nfrom refs/heads/main\n\n")
    parts += [head.format(1_700_003_600), data("feat: all of it"), f"M 644 inline NEWS.md\n{data('Casks')}"]
    parts += [f"M 644 inline {path}\n{data(text)}" for path, text in files.items()]
    if files:
        parts.append("reset refs/tags/v1.1.0\nfrom refs/heads/main\n\n")
    importer = ["git", "-C", str(repository), "fast-import", "--quiet"]
    subprocess.run(importer, input="".join(parts).encode(), check=True)
    subprocess.run(["git", "-C", str(repository), "checkout", "--quiet", "--force", "main"], check=True)


def migration(number: int) -> dict[str, str]:
    up = (
        f"CREATE TABLE casks{number} (id bigint PRIMARY KEY, label text NOT NULL DEFAULT '');\n\n"
        f"CREATE INDEX casks{number}_label ON casks{number} (label);\n\n"
        f"COMMENT ON TABLE casks{number} IS 'casks';\n\n"
        f"ALTER TABLE casks{max(number - 1, 1)} ADD COLUMN wax{number} text;\n\n"
        f"ALTER TABLE casks{number} ADD COLUMN wood text;\n"
    )
    name = f"db/migrations/{number:06}_casks{number}"
    return {f"{name}.up.sql": up, f"{name}.down.sql": f"DROP TABLE casks{number};\n"}


if __name__ == "__main__":
    sys.exit(main())
