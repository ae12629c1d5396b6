#!/usr/bin/env python3
"""What searching costs: run.py OFFPRINT ROOT (a web root with a search index; directory or URL).

Takes words from titles, sorts them into classes by the share of records they are in, and prints
for each class rounds, requests and bytes after the tables, median and 90th percentile, with all
lists read whole. Bytes a record are printed first, when ROOT is a directory.
"""
import json
import pathlib
import random
import re
import statistics
import subprocess
import sys

offprint, root = sys.argv[1:]


def search(query, limit=10):
    run = [offprint, "search", root, query, "-n", str(limit), "--json", "--stats"]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    numbers = [int(n) for n in re.findall(r"\d+", done.stderr)]
    return json.loads(done.stdout), numbers


everything, stats = search("", 400)
records = everything["total"]
print(f"{records} records; tables {stats[4]} bytes in {stats[3]} requests")
if pathlib.Path(root).is_dir():
    parts = {}
    for file in pathlib.Path(root, "search").glob("*/*"):
        parts.setdefault(file.name.split("-")[0].split(".")[0], []).append(file.stat().st_size)
    total = sum(map(sum, parts.values()))
    pointer = json.loads(pathlib.Path(root, "release.json").read_text())["search"]["path"]
    tiers = json.loads(pathlib.Path(root, pointer).read_text())["tiers"]
    kept = sum(tier["records"] for tier in tiers)
    told = ", ".join(f"{name} {sum(sizes) / kept:.1f}" for name, sizes in sorted(parts.items()))
    print(f"{total / kept:.1f} bytes a record, of all {kept}: {told}")

chance = random.Random(1)
titles = [re.findall(r"[a-z]{3,}", hit["title"].lower()) for hit in everything["hits"]]
titles = [words for words in titles if len(words) >= 5]
words = sorted({word for title in titles for word in title})
chance.shuffle(words)
classes = {"rare": [], "mid": [], "common": []}
for word in words[:250]:
    share = search(word, 1)[0]["total"] / records
    name = "rare" if share < 0.0005 else "mid" if share < 0.02 else "common"
    classes[name].append(word)


def two(a, b):
    return [f"{x} {y}" for x, y in zip(classes[a], reversed(classes[b]))]


queries = {
    "1 rare": classes["rare"],
    "1 mid": classes["mid"],
    "1 common": classes["common"],
    "2 mid": two("mid", "mid"),
    "1 mid + 1 common": two("mid", "common"),
    "2 common": two("common", "common"),
    "5 title words": [" ".join(title[:5]) for title in titles],
    "phrase of 2": [f'"{title[0]} {title[1]}"' for title in titles],
    "1 mid, filtered": [f"{word} type:dataset" for word in classes["mid"]],
}
for name, asked in queries.items():
    costs = [search(query)[1][:3] for query in asked[:40]]
    if not costs:
        continue
    rounds, requests, sizes = zip(*costs)
    p90 = sorted(sizes)[int(0.9 * (len(sizes) - 1))]
    print(
        f"{name}: {len(costs)} queries, {max(rounds)} rounds, "
        f"{statistics.median(requests):.0f} requests, "
        f"{statistics.median(sizes) / 1000:.1f} KB median, {p90 / 1000:.1f} KB p90"
    )
