#!/usr/bin/env python3
"""CPU time and peak memory of whole processes, beside tools that each do a part of the work.

    make bench REPO=path/to/a/full/clone

relgate judges the newest final release, once with an empty cache and once with a warm one. squawk lints that release's up
migrations, and nothing else. git-cliff computes the next version from the commits, and nothing else. All three run on the
same clone, one after another, several times; the table has the medians. Without REPO a history is made up.

Then all migrations of HEAD are put into one release, and 100, 1,000 and 10,000 generated ones: relgate judges the up and the
down files, squawk lints the same files. Last come files that nobody should write, at a quarter of their size and whole: four
times as much must not cost much more than four times.

The tools come from PyPI into target/bench/venv.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "bench"
RUNS = int(os.environ.get("RUNS", "5"))
FINAL = re.compile(r"^(.*?)(\d+)\.(\d+)\.(\d+)$")


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    tools = install(["squawk-cli", "git-cliff", "PyYAML"])
    repository = clone(sys.argv[1]) if len(sys.argv) > 1 else made_up()
    tag = newest_final(repository)
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        ups = export_ups(repository, tag, Path(scratch) / "up")
        print(f"{repository} at {tag}: {len(ups)} up migrations, {count_commits(repository)} commits, {RUNS} runs each\n")
        relgate = [str(WORK.parent / "release" / "relgate"), "--repo", str(repository), "check", "--tag", tag]
        cold = [measure(relgate, repository, cache=Path(scratch) / f"cache-{run}") for run in range(RUNS)]
        # The first cold run's cache is warm now.
        warm = [measure(relgate, repository, cache=Path(scratch) / "cache-0") for _ in range(RUNS)]
        squawk = [measure([tools / "squawk", *ups], repository) for _ in range(RUNS)] if ups else []
        cliff = [measure([tools / "git-cliff", "--bumped-version"], repository) for _ in range(RUNS)]
    print_values(tools)
    rows = {"relgate, cold": cold, "relgate, warm": warm, "squawk": squawk, "git-cliff": cliff}
    print_table({name: summary(runs) for name, runs in rows.items() if runs})
    all_files(tools, repository)
    linear(tools)
    hostile()


def all_files(tools: Path, repository: Path) -> None:
    """Every migration of HEAD as the content of one release: relgate replays and judges what squawk lints."""
    files = {}
    for path in git(repository, "ls-tree", "-r", "--name-only", "HEAD").splitlines():
        if path.endswith(".sql") and "migrations/" in path:
            files[path] = git(repository, "show", f"HEAD:{path}") + "\n"
    if files:
        print(f"\nAll {len(files)} migration files of HEAD in one release\n")
        print_table(one_release(tools, files))


def linear(tools: Path) -> None:
    """The same for generated files: what a file costs must not grow with how many there are."""
    costs = {}
    for count in (100, 1_000, 10_000):
        files = {path: text for number in range(1, count + 1) for path, text in migration(number).items()}
        rows = one_release(tools, files)
        costs[count] = {name: 1000 * cpu / count for name, (cpu, _, _) in rows.items()}
    print("\nCPU milliseconds for one generated migration, up and down\n")
    print(f"{'migrations':>16}" + "".join(f"{name:>16}" for name in costs[100]))
    for count, row in costs.items():
        print(f"{count:16}" + "".join(f"{cost:16.3f}" for cost in row.values()))
    first, last = costs[100], costs[10_000]
    print(f"{'10,000 to 100':>16}" + "".join(f"{last[name] / first[name]:16.2f}" for name in first))


def hostile() -> None:
    """Files of a kind that somebody generates, dumps, or means ill with."""
    print("\nCPU seconds for one file, and what four times as much of it costs\n")
    print(f"{'':>24}{'quarter':>12}{'whole':>12}{'ratio':>10}")
    for name, (count, text) in HOSTILE.items():
        small, large = (single_file(text(part)) for part in (count // 4, count))
        print(f"{name:>24}{small:12.3f}{large:12.3f}{large / small:10.1f}")


def row(number: int) -> str:
    return f"INSERT INTO t VALUES ({number}, '{'x' * 180}');\n"


HOSTILE = {
    "20,000 statements": (20_000, lambda n: "".join(f"CREATE TABLE t{i} (id bigint PRIMARY KEY);\n" for i in range(n))),
    "20,000 ALTERs": (20_000, lambda n: "CREATE TABLE t ();\n" + "ALTER TABLE t ALTER c SET DEFAULT 1;\n" * n),
    "300,000 identifiers": (300_000, lambda n: "SELECT " + ", ".join(f"c{i}" for i in range(n)) + " FROM t;\n"),
    "20,000 columns": (20_000, lambda n: "CREATE TABLE t (" + ", ".join(f"c{i} int" for i in range(n)) + ");\n"),
    "50,000 terms": (50_000, lambda n: "SELECT 1" + " + 1" * n + ";\n"),
    "20 MB dump": (100_000, lambda n: "CREATE TABLE t (id int, x text);\n" + "".join(map(row, range(n)))),
    "100,000 comments deep": (100_000, lambda n: "/*" * n + "*/" * n + " SELECT 1;\n"),
}


def single_file(text: str) -> float:
    """CPU seconds to judge a release that adds a file, with nothing in the cache."""
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        repository = make_release(Path(scratch), {"db/migrations/000001_all.up.sql": text})
        relgate = [str(WORK.parent / "release" / "relgate"), "--repo", str(repository), "check", "--tag", "v1.1.0"]
        runs = [measure(relgate, repository, cache=Path(scratch) / f"cache-{run}") for run in range(RUNS)]
        return summary(runs)[0]


def one_release(tools: Path, files: dict[str, str]) -> dict[str, tuple[float, float, float]]:
    """Measures relgate and squawk on files that are all new in a second release."""
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        repository = make_release(Path(scratch), files)
        # The list of files would be too long for a command line; squawk takes a pattern.
        ups = sorted({str(Path(path).parent) for path in files if not path.endswith(".down.sql")})
        patterns = [f"{directory}/*.sql" for directory in ups]
        relgate = [str(WORK.parent / "release" / "relgate"), "--repo", str(repository), "check", "--tag", "v1.1.0"]
        relgate += ["--format", "json"]
        cold = [measure(relgate, repository, cache=Path(scratch) / f"cache-{run}") for run in range(RUNS)]
        warm = [measure(relgate, repository, cache=Path(scratch) / "cache-0") for _ in range(RUNS)]
        squawk = [measure([tools / "squawk", *patterns], repository) for _ in range(RUNS)]
    rows = {"relgate, cold": cold, "relgate, warm": warm, "squawk": squawk}
    return {name: summary(runs) for name, runs in rows.items()}


def make_release(directory: Path, files: dict[str, str]) -> Path:
    """A repository whose second release adds the files."""
    repository = directory / "repository"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(repository)], check=True)
    head = "commit refs/heads/main\ncommitter Ada Cooper <ada@example.org> {} +0000\n"
    parts = [head.format(1_700_000_000), data("docs: begin"), f"M 644 inline README.md\n{data('Cellar')}"]
    parts.append("reset refs/tags/v1.0.0\nfrom refs/heads/main\n\n")
    parts += [head.format(1_700_003_600), data("feat: all of it")]
    parts += [f"M 644 inline {path}\n{data(text)}" for path, text in files.items()]
    parts.append("reset refs/tags/v1.1.0\nfrom refs/heads/main\n\n")
    importer = ["git", "-C", str(repository), "fast-import", "--quiet"]
    subprocess.run(importer, input="".join(parts).encode(), check=True)
    subprocess.run(["git", "-C", str(repository), "checkout", "--quiet", "--force", "main"], check=True)
    return repository


def install(packages: list[str]) -> Path:
    """A private environment with the packages; its directory of programs."""
    environment = WORK / "venv"
    if not (environment / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    subprocess.run([environment / "bin" / "pip", "install", "--quiet", *packages], check=True)
    return environment / "bin"


def clone(path: str) -> Path:
    """The clone itself, or a clone of a bare one: git-cliff wants a work tree."""
    source = Path(path).resolve()
    if git(source, "rev-parse", "--is-bare-repository") == "false":
        return source
    target = WORK / f"{source.parent.name}-{source.name}"
    if not target.exists():
        subprocess.run(["git", "clone", "--quiet", str(source), str(target)], check=True)
    return target


def git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def newest_final(repository: Path) -> str:
    finals = {}
    for tag in git(repository, "tag").splitlines():
        match = FINAL.match(tag)
        if match and match[1] in ("", "v"):
            finals[tuple(int(part) for part in match.groups()[1:])] = tag
    if not finals:
        sys.exit(f"{repository} has no final release tag; git fetch --tags")
    return finals[max(finals)]


def count_commits(repository: Path) -> str:
    return git(repository, "rev-list", "--count", "HEAD")


def export_ups(repository: Path, tag: str, target: Path) -> list[str]:
    """The up migrations at the tag, as files."""
    paths = git(repository, "ls-tree", "-r", "--name-only", tag).splitlines()
    ups = [path for path in paths if path.endswith(".up.sql")]
    for path in ups:
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(git(repository, "show", f"{tag}:{path}") + "\n")
    return [str(target / path) for path in ups]


def measure(command: list, repository: Path, cache: Path | None = None) -> tuple[float, float, float]:
    """CPU seconds, wall seconds and peak memory in MB of one process and its children."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cache or WORK), "NO_COLOR": "1"}
    if cache:
        cache.mkdir(exist_ok=True)
        environment["XDG_CACHE_HOME"] = str(cache)
    begin = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=repository,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    code = os.waitstatus_to_exitcode(status)
    # 1 is an answer: blocked, or violations found.
    if code not in (0, 1):
        sys.exit(f"{command[0]} ended with {code}:\n{errors.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin, usage.ru_maxrss / 1024


def print_values(tools: Path) -> None:
    """10 MB of chart values: relgate judges a release with them, PyYAML's C loader reads the one file."""
    repository = WORK / "values"
    if not repository.exists():
        fresh = WORK / "values.new"
        shutil.rmtree(fresh, ignore_errors=True)
        subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(fresh)], check=True)
        (fresh / "Chart.yaml").write_text("apiVersion: v2\nname: cellar\nversion: 1.0.0\n")
        section = "section{0}:\n  enabled: true\n  image:\n    repository: registry.example.org/cellar/part{0}\n    tag: v1.0.0\n" \
                  "  resources: {{limits: {{cpu: 100m, memory: {0}Mi}}}}\n  args: [\"--level=info\", '--n={0}']\n"
        (fresh / "values.yaml").write_text("".join(section.format(number) for number in range(52_000)))
        git(fresh, "add", "--all")
        git(fresh, "-c", "user.name=Ada Cooper", "-c", "user.email=ada@example.org", "commit", "--quiet", "--message", "feat: values")
        git(fresh, "tag", "v1.0.0")
        fresh.rename(repository)
    relgate = [str(WORK.parent / "release" / "relgate"), "--repo", str(repository), "check", "--tag", "v1.0.0"]
    loader = [tools / "python", "-c", "import yaml; yaml.load(open('values.yaml'), Loader=yaml.CSafeLoader)"]
    size = (repository / "values.yaml").stat().st_size / 1e6
    print(f"{size:.1f} MB of values")
    print_table({name: summary([measure(command, repository) for _ in range(RUNS)])
                 for name, command in {"relgate, all": relgate, "PyYAML's C": loader}.items()})


def summary(runs: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    cpu, wall, memory = zip(*runs)
    return statistics.median(cpu), statistics.median(wall), max(memory)


def print_table(rows: dict[str, tuple[float, float, float]]) -> None:
    print(f"{'':16}{'CPU s':>8}{'wall s':>8}{'MB':>6}")
    for name, (cpu, wall, memory) in rows.items():
        print(f"{name:16}{cpu:8.3f}{wall:8.3f}{memory:6.0f}")
    print()
    for ours in ("relgate, cold", "relgate, warm"):
        for theirs in ("squawk", "git-cliff"):
            if theirs in rows:
                ratio = rows[ours][0] / max(rows[theirs][0], 0.001)
                print(f"{ours} takes {ratio:.2f} times the CPU time of {theirs}")


def made_up() -> Path:
    """A history of 60 minor releases with 40 commits and 3 migrations each, by `git fast-import`."""
    target = WORK / "made-up"
    if target.exists():
        return target
    shutil.rmtree(WORK / "made-up.new", ignore_errors=True)
    fresh = WORK / "made-up.new"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(fresh)], check=True)
    subprocess.run(["git", "-C", str(fresh), "fast-import", "--quiet"], input=stream().encode(), check=True)
    subprocess.run(["git", "-C", str(fresh), "checkout", "--quiet", "--force", "main"], check=True)
    fresh.rename(target)
    return target


def stream() -> str:
    parts, changelog, seconds, table = [], "", 1_700_000_000, 0
    for minor in range(60):
        for number in range(40):
            seconds += 3600
            files = {f"internal/part{number}.go": f"package internal\n\n// Revision {minor}.{number}.\n"}
            if number < 3:
                table += 1
                files |= migration(table)
            if number == 39:
                changelog = f"## [1.{minor}.0] - 2025-01-01\n\n### Added\n\n- Part {minor}.\n\n{changelog}"
                files["CHANGELOG.md"] = f"# Changelog\n\n{changelog}"
                files["charts/cellar/Chart.yaml"] = chart(minor)
            parts.append(f"commit refs/heads/main\ncommitter Ada Cooper <ada@example.org> {seconds} +0000\n")
            parts.append(data(f"feat: part {number} of 1.{minor}"))
            parts += [f"M 644 inline {path}\n{data(text)}" for path, text in files.items()]
        parts.append(f"reset refs/tags/v1.{minor}.0\nfrom refs/heads/main\n\n")
    return "".join(parts)


def migration(number: int) -> dict[str, str]:
    columns = "".join(f",\n  value{i} text NOT NULL DEFAULT ''" for i in range(12))
    up = f"CREATE TABLE casks{number} (\n  id bigint PRIMARY KEY{columns}\n);\n\nCREATE INDEX ON casks{number} (value0);\n"
    if number > 1:
        up += f"\nALTER TABLE casks{number - 1} ADD COLUMN cask{number}_id bigint;\n"
    down = f"DROP TABLE casks{number};\n"
    name = f"db/migrations/{number:06}_casks{number}"
    return {f"{name}.up.sql": up, f"{name}.down.sql": down}


def chart(minor: int) -> str:
    return f"apiVersion: v2\nname: cellar\nversion: 0.{minor}.0\nappVersion: v1.{minor}.0\n"


def data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


if __name__ == "__main__":
    main()
