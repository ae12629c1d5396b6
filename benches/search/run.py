#!/usr/bin/env python3
"""What searching costs: run.py OFFPRINT [--text] [RECORDS] (100000), or run.py OFFPRINT REPOSITORY RECORDS.jsonl.

Makes synthetic records and builds them (dumps and pages left out), or takes a repository that
was built of RECORDS.jsonl, and prints every figure that can be counted without a browser beside
what it must be. Queries are made of titles; exact answers come from the tantivy index that a
build leaves in search.db/. CPU time is of this machine: only its ratios compare. `--text`: phrases are
found in all text (`site.phrases`).
"""
import gzip
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BUILD = ["--set", "site.pages=false", "--set", 'dump.formats=["native-json"]', "--set", "dump.level=1"]
SCORED = [
    "1 rare", "1 mid", "2 mid", "words of a phrase", "author, 2 names",
    "1 common", "5 title words", "2 mid + 1 common", "1 mid + 1 common", "2 common",
]
PHRASES = ["phrase of 2", "phrase of 3", "phrase of 5"]
ASSETS = pathlib.Path(__file__).parents[2] / "templates" / "assets"

offprint, *given = sys.argv[1:]
TEXT = "--text" in given
if TEXT:
    given.remove("--text")
    BUILD += ["--set", 'site.phrases="text"']
scratch = tempfile.TemporaryDirectory()
report = None


def run(*arguments):
    done = subprocess.run([offprint, "-C", str(repository), *arguments], capture_output=True, text=True)
    if done.returncode not in (0, 3):
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout


if len(given) == 2:
    repository, lines = map(pathlib.Path, given)
else:
    repository = pathlib.Path(scratch.name)
    run("init")
    lines = repository / "records.jsonl"
    lines.write_text(run("synth", *(given or ["100000"])))
    run("import", str(lines))
    report = json.loads(run("build", "--json", *BUILD))
public = repository / "public"

print(f"{'figure':58} {'must':>12} {'is':>12}")


def row(name, must, found, is_most=True):
    if found is None:
        return
    met = found <= must if is_most else found >= must
    shown = [f"{n:,.4f}".rstrip("0").rstrip(".") if n < 10 else f"{n:,.0f}" for n in (must, found)]
    print(f"{name:58} {'≤' if is_most else '≥'} {shown[0]:>10} {shown[1]:>12}{'' if met else '  MISSED'}")


told = [json.loads(line) for line in run("bench", "search", str(lines)).splitlines()]
stages = {line["class"]: line["stages"] for line in told}


def most(stage, what, which, names=None):
    return max(stages[name][stage][what][which] for name in names or stages if name in stages)


def least(stage, what, names):
    found = [stages[name][stage][what] for name in names if name in stages]
    return min((figure for figure in found if figure is not None), default=None)


row("dependent rounds, any query", 3, most("first", "rounds", "max"))
row("requests, any query", 20, most("first", "requests", "max"))
row("bytes to first results, greatest median of a class", 140_000, most("first", "bytes", "median"))
row("bytes to first results, greatest p90", 230_000, most("first", "bytes", "p90"))
row("score ratio of first results", 0.95, least("first", "score_ratio", SCORED), False)
row("… of queries without very common words", 0.995, least("first", "plain_score_ratio", SCORED), False)
row("final top 10 against exact BM25, ties equal", 0.97, least("final", "agreement", SCORED), False)
row("… score ratio", 0.999, least("final", "score_ratio", SCORED), False)
row("two common words, final, median bytes", 100_000, stages["2 common"]["final"]["bytes"]["median"] if "2 common" in stages else None)
row("counts said to be exact that are not", 0, sum(stages[name]["final"]["wrong_counts"] + stages[name]["first"]["wrong_counts"] for name in stages))
row("phrases: exact matches in the top 10, first", 0.95, least("first", "agreement", PHRASES), False)
row("… final", 0.95, least("final", "agreement", PHRASES), False)
for word in ("1 mid", "1 common"):
    for what in ("filtered", "newest"):
        if word in stages:
            more = [stages[name]["first"]["bytes"]["median"] for name in (word, f"{word}, {what}")]
            row(f"{word}, {what}: bytes more than without", 65_536, more[1] - more[0])

pointer = json.loads((public / "release.json").read_text())["search"]["path"]
tiers = json.loads((public / pointer).read_text())["tiers"]
kept = sum(tier["records"] for tier in tiers)
parts = {}
for file in (public / "search").glob("*/*"):
    part = re.split(r"[-.]", file.name)[0]
    parts[part] = parts.get(part, 0) + file.stat().st_size
row("index bytes a record", 460, sum(parts.values()) / kept)
for name, size in sorted(parts.items(), key=lambda part: -part[1]):
    print(f"  {name:56} {'':12} {size / kept:>12.1f}")
script = sum(len(gzip.compress((ASSETS / name).read_bytes(), 9)) for name in ("search.js", "search-worker.js"))
row("client script, gzip", 20_480, script)
first = ["buckets", "runs", "levels", "values", "pages", "dictionary"]
tables = sum(tier["tables"]["sections"][name][1] for tier in tiers if not tier["older"] for name in first)
row("first visit: script, pointer, tables, gzip", 120 * 1024, script + tables + len(gzip.compress((public / pointer).read_bytes(), 9)))
if report:
    seconds = {name: spent["cpu"] for name, spent in report["seconds"].items()}
    row("export, records a CPU second", 30_000, kept / seconds["search-export"], False)
    if not TEXT:
        parse = json.loads(run("bench", "parse", str(lines)))["cpu_seconds"]
        bare = json.loads(run("bench", "index", str(lines)))["cpu_seconds"]
        row("index, CPU over a bare tantivy loop of the same fields", 1.3, (seconds["search-index"] - parse) / bare)
    row("peak memory of the build, MB", 1024, report["peak_rss_bytes"] / 1e6)

print(f"\n{'class, first → final':24} {'rounds':>7} {'requests':>9} {'KB median':>14} {'KB p90':>14} {'agreement':>15} {'score ratio':>17}")
for name, found in stages.items():
    pair = lambda *path, scale=1, digits=0: " → ".join(value(found[stage], path, scale, digits) for stage in ("first", "final"))

    def value(of, path, scale, digits):
        for step in path:
            of = of[step]
        return "-" if of is None else f"{of / scale:.{digits}f}"

    print(
        f"{name:24} {pair('rounds', 'max'):>7} {pair('requests', 'max'):>9} {pair('bytes', 'median', scale=1000, digits=1):>14} "
        f"{pair('bytes', 'p90', scale=1000, digits=1):>14} {pair('agreement', digits=3):>15} {pair('score_ratio', digits=4):>17}"
    )
