"""CPU time of Hugo rendering one landing page a record, to memory.

Usage: hugo.py RECORDS.jsonl --hugo DIR/hugo/bin/hugo [--limit N] [--keep DIR]

Every record becomes a content file whose front matter is the record itself; the layout in
`hugo/layouts` prints the same parts as our own page. Taxonomies, feeds, sitemap and lists are
off, so that pages are all that is done. CPU is Hugo's user and system time on all threads,
the reading of content files included.

Prints one JSON object: {"name", "seconds_cpu", "records", "bytes"}; `bytes` is the size of the
pages, measured by a second run to disk that is not timed (0 with --no-size).
"""

import argparse
import json
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CONFIG = {
    "baseURL": "https://repository.example/",
    "title": "Repository",
    "disableKinds": ["taxonomy", "term", "rss", "sitemap", "robotstxt", "404", "home", "section"],
}


def write_site(site, records, limit):
    """Writes configuration, layout and one content file a public record."""
    (site / "content/records").mkdir(parents=True)
    shutil.copytree(HERE / "hugo/layouts", site / "layouts/_default")
    (site / "hugo.json").write_text(json.dumps(CONFIG))
    count = 0
    with open(records, encoding="utf-8") as file:
        for line in file:
            if limit is not None and count >= limit:
                break
            record = json.loads(line)
            if record["access"]["record"] != "public" or record.get("tombstone"):
                continue
            # `date` and the like would be read as Hugo's own fields.
            record["recid"] = record.pop("id")
            record["metadata"].setdefault("description", "")
            record["files"]["entries"] = list(record["files"]["entries"].values())
            body = {"url": f"/records/{record['recid']}.html", "title": record["recid"]}
            body["params"] = record
            path = site / "content/records" / f"{record['recid']}.md"
            path.write_text(json.dumps(body, ensure_ascii=False) + "\n", encoding="utf-8")
            count += 1
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("records")
    parser.add_argument("--hugo", required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--no-size", action="store_true")
    parser.add_argument("--keep", type=pathlib.Path, help="leave the rendered pages here")
    arguments = parser.parse_args()
    if shutil.which(arguments.hugo) is None:
        raise SystemExit(f"{arguments.hugo}: not installed; see benches/reference/install")

    with tempfile.TemporaryDirectory() as directory:
        site = pathlib.Path(directory)
        records = write_site(site, arguments.records, arguments.limit)
        command = [arguments.hugo, "--source", str(site), "--quiet"]
        # The wrapper around the program costs an interpreter start: not Hugo's own.
        for _ in range(arguments.runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([*command, "--renderToMemory"], check=True, stdout=sys.stderr)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
            report = {"name": "hugo", "seconds_cpu": round(seconds, 4), "records": records, "bytes": 0}
            if not arguments.no_size:
                pages = arguments.keep or site / "public"
                subprocess.run([*command, "--destination", str(pages)], check=True, stdout=sys.stderr)
                sizes = [page.stat().st_size for page in pages.glob("records/*.html")]
                if len(sizes) != records:
                    raise SystemExit(f"Hugo wrote {len(sizes)} pages for {records} records")
                report["bytes"] = sum(sizes)
            print(json.dumps(report), flush=True)


if __name__ == "__main__":
    sys.exit(main())
