#!/usr/bin/env python3
"""Audits of long histories, and the ledger: CPU seconds and memory of whole processes.

    make bench
    TAGS=1000 RECORDS=100000 python3 benches/ledger.py

A history of TAGS releases with a migration each is made by `git fast-import`, also one of a quarter of its size: the time per release
should be the same. A chain of RECORDS records is written here, in Python, and so is also checked against another implementation of its form.
"""

import hashlib
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RELGATE = os.environ.get("RELGATE", str(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "relgate"))
TAGS = int(os.environ.get("TAGS", "1000"))
REPOSITORIES = int(os.environ.get("REPOSITORIES", "200"))
RECORDS = int(os.environ.get("RECORDS", "100000"))


def main() -> None:
    scratch = Path(tempfile.mkdtemp(prefix="relgate-bench-"))
    try:
        print(f"{'':44}{'CPU s':>9}{'MB':>7}")
        for tags in (TAGS // 4, TAGS):
            repository = history(scratch / f"history-{tags}", tags)
            command = ["--repo", repository, "audit", "--format", "csv"]
            cpu, memory = measure(command, scratch / f"cache-{tags}")
            line(f"audit of {tags} releases, cold", cpu, memory)
            print(f"{'':4}{cpu / tags * 1000:.3f} ms for each")
            line("the same again, nothing new", *measure(command, scratch / f"cache-{tags}"))
        writers(scratch, restarted(scratch))
        listing = scratch / "repositories.txt"
        listing.write_text(f"{repository}\n")
        command = ["audit", "--repos", listing, "--ledger", scratch / "fleet.db"]
        line("first audit into a ledger", *measure(command, scratch / "cache-ledger"))
        line("second audit, nothing new", *measure(command, scratch / "cache-ledger"))
        ledger = chain(scratch / "chain.db", RECORDS)
        line(f"verify of {RECORDS} records", *measure(["ledger", "verify", "--ledger", ledger], scratch))
    finally:
        shutil.rmtree(scratch)


def writers(scratch: Path, listing: Path) -> None:
    """Sixteen processes that write into one PostgreSQL ledger at the same time."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    place = Path(tempfile.mkdtemp(prefix="relgate-bench-pg-"))
    # Root may not run a server.
    user = ["setpriv", "--reuid", "nobody", "--clear-groups"] if os.getuid() == 0 else []
    if user:
        shutil.chown(place, "nobody")

    def run(name: str, *arguments: object) -> None:
        subprocess.run([*user, programs / name, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, cwd="/")

    data = place / "data"
    run("initdb", "--pgdata", data, "--username", "owner", "--auth", "trust", "--encoding", "UTF8", "--locale", "C")
    run("pg_ctl", "start", "--wait", "--pgdata", data, "--log", place / "log",
        "--options", f"-c listen_addresses= -c unix_socket_directories={place}")
    try:
        ledger = f"postgres://owner@{str(place).replace('/', '%2F')}/postgres"
        # A shard without a repository makes the tables.
        measure(["audit", "--repos", listing, "--ledger", ledger, "--shard", "0/100000"], scratch)
        shards = [["audit", "--repos", listing, "--ledger", ledger, "--shard", f"{shard}/16"] for shard in range(16)]
        begin = time.perf_counter()
        running = [start(command, scratch) for command in shards]
        codes = {process.wait() for process in running}
        seconds = time.perf_counter() - begin
        if not codes <= {0, 1}:
            sys.exit(f"the writers ended with {codes}")
        measure(["ledger", "verify", "--ledger", ledger], scratch)
        # A decision for each release, and the tags of each repository.
        records = 6 * REPOSITORIES
        print(f"16 writers on one PostgreSQL: {records} records in {seconds:.1f} s, {records / seconds:.0f} a second, judging included")
    finally:
        run("pg_ctl", "stop", "--mode", "immediate", "--pgdata", data)
        shutil.rmtree(place)


def restarted(scratch: Path) -> Path:
    """Shards of a fleet that are killed at random and started again: their ledger is that of an undisturbed run."""
    places = [history(scratch / f"fleet-{number}", 5) for number in range(REPOSITORIES)]
    listing = scratch / "fleet.txt"
    listing.write_text("".join(f"{place}\n" for place in places))
    ledgers = {name: scratch / f"{name}-fleet.db" for name in ("undisturbed", "killed")}
    chance, kills = random.Random(20260601), 0
    begin = time.perf_counter()
    for name, ledger in ledgers.items():
        for shard in range(4):
            command = ["audit", "--repos", listing, "--ledger", ledger, "--shard", f"{shard}/4"]
            while name == "killed" and kills < 100:
                process = start(command, scratch)
                try:
                    process.wait(timeout=chance.uniform(0.02, 1.0))
                    break
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                    kills += 1
            measure(command, scratch)
    seconds = time.perf_counter() - begin
    chains = [decisions(ledger) for ledger in ledgers.values()]
    if chains[0] != chains[1] or len(chains[0]) != 5 * REPOSITORIES:
        sys.exit("the ledger of the killed shards is not that of the undisturbed ones")
    measure(["ledger", "verify", "--ledger", ledgers["killed"]], scratch)
    print(f"{REPOSITORIES} repositories, 4 shards, {kills} kills: {len(chains[1])} decisions, the same; {seconds:.0f} s")
    return listing


def decisions(ledger: Path) -> list:
    """What a ledger says, without the clock."""
    rows = sqlite3.connect(ledger).execute("SELECT body FROM record").fetchall()
    records = [json.loads(row[0]) for row in rows]
    wanted = ("repository", "tag", "commit", "verdict", "requiredType", "gates", "findings", "policy", "inputs")
    decided = [record for record in records if record["entry"] == "decision"]
    return sorted(json.dumps([record[name] for name in wanted], sort_keys=True) for record in decided)


def line(what: str, cpu: float, memory: float) -> None:
    print(f"{what:44}{cpu:9.3f}{memory:7.0f}", flush=True)


def measure(arguments: list, cache: Path) -> tuple[float, float]:
    process = start(arguments, cache)
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{arguments} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def start(arguments: list, cache: Path) -> subprocess.Popen:
    environment = {"PATH": os.environ["PATH"], "HOME": str(cache), "XDG_CACHE_HOME": str(cache), "NO_COLOR": "1"}
    cache.mkdir(exist_ok=True)
    command = [RELGATE, "--now", "2026-11-22T00:00:00Z", *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def history(target: Path, tags: int) -> Path:
    """One commit, one migration and one tag for each release."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(target)], check=True)
    parts = []
    for number in range(tags):
        name = f"db/migrations/{number + 1:06}_casks{number}"
        up = f"CREATE TABLE casks{number} (id bigint PRIMARY KEY, label text);\n"
        files = {f"{name}.up.sql": up, f"{name}.down.sql": f"DROP TABLE casks{number};\n"}
        parts.append(f"commit refs/heads/main\ncommitter Ada Cooper <ada@example.org> {1_500_000_000 + number * 3600} +0000\n")
        parts.append(data(f"feat: cask {number}"))
        parts += [f"M 644 inline {path}\n{data(text)}" for path, text in files.items()]
        parts.append(f"reset refs/tags/v1.{number}.0\nfrom refs/heads/main\n\n")
    subprocess.run(["git", "-C", str(target), "fast-import", "--quiet"], input="".join(parts).encode(), check=True)
    return target


def data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def chain(path: Path, records: int) -> Path:
    """A ledger of decisions such as an audit records them."""
    gates = {f"gate-{n}": "not-evaluated" if n % 3 else "pass" for n in range(30)}
    connection = sqlite3.connect(path)
    connection.executescript((ROOT / "src/ledger/sqlite.sql").read_text())
    connection.execute(f"PRAGMA application_id = {0x524C4754}")
    connection.execute("PRAGMA user_version = 1")
    previous = ""
    for sequence in range(1, records + 1):
        record = {
            "schemaVersion": 1, "repository": "cellar", "sequence": sequence, "previous": previous, "entry": "decision",
            "recordedAt": "2026-11-22T00:00:00Z", "actor": {"name": "ci", "source": "option", "run": ""},
            "tool": {"name": "relgate", "version": "0.1.0"}, "mode": "audit", "tag": f"v1.{sequence}.0", "kind": "final",
            "version": f"1.{sequence}.0", "commit": hashlib.sha1(str(sequence).encode()).hexdigest(), "proposed": False,
            "releasedAt": "2026-01-01T00:00:00Z", "stage": "release", "previousRelease": None, "declaredType": "minor",
            "requiredType": "minor", "verdict": "pass", "migrations": {"added": 2, "modified": 0}, "gates": gates, "evidence": [],
            "exceptions": [], "findings": [], "errors": [], "policy": {"ref": "", "digest": "sha256:00", "packs": []},
            "inputs": {"files": 2, "digest": "sha256:00"},
        }
        body = json.dumps(record, sort_keys=True, separators=(",", ":"))
        previous = "sha256:" + hashlib.sha256(body.encode()).hexdigest()
        row = ("cellar", sequence, previous, record["tag"], body)
        connection.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", row)
    connection.commit()
    return path


if __name__ == "__main__":
    main()
