"""CPU time and size of stock compressors over whole streams.

Usage: compress.py STREAM... [--with gzip-6,gzip-9,zstd-3]

Prints one JSON object a stream and compressor: {"name", "stream", "seconds_cpu", "bytes_in",
"bytes"}. CPU is user and system time of the child process; output is counted and dropped.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys

COMMANDS = {
    "gzip-6": ["gzip", "-6", "-n", "-c"],
    "gzip-9": ["gzip", "-9", "-n", "-c"],
    "zstd-3": ["zstd", "-q", "-3", "-T1", "-c"],
    "zstd-9": ["zstd", "-q", "-9", "-T1", "-c"],
}


def cpu_of(command, stdin):
    """Runs a command; returns (CPU seconds, bytes it printed)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE) as child:
        size = 0
        while chunk := child.stdout.read(1 << 20):
            size += len(chunk)
    if child.returncode != 0:
        raise SystemExit(f"{command[0]} failed with {child.returncode}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime, size


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("streams", nargs="+")
    parser.add_argument("--with", dest="compressors", default="gzip-6,gzip-9,zstd-3")
    arguments = parser.parse_args()
    for stream in arguments.streams:
        for name in arguments.compressors.split(","):
            if shutil.which(COMMANDS[name][0]) is None:
                print(f"{name}: not installed", file=sys.stderr)
                continue
            with open(stream, "rb") as file:
                seconds, size = cpu_of(COMMANDS[name], file)
            report = {"name": name, "stream": os.path.basename(stream)}
            report |= {"seconds_cpu": round(seconds, 4), "bytes_in": os.path.getsize(stream)}
            print(json.dumps({**report, "bytes": size}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
