"""Every benchmark, one after the other.

    python -m benchmarks [--json] [--list] [NAME ...]

With --json it prints one object, by name. Each runs in a process of its own, so that none inherits
another's memory or warm caches.
"""

import argparse
import importlib
import json
import subprocess
import sys

NAMES = (
    "candles",
    "ingest",
    "indicators",
    "latency",
    "gateway",
    "fanout",
    "desk",
    "accounts",
    "durable",
)


def about(name: str) -> str:
    """Return the first line of a benchmark's docstring."""
    return str(importlib.import_module(f"benchmarks.{name}").__doc__).splitlines()[0]


def main() -> int:
    """List or run; 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--list", action="store_true")
    asked = parser.parse_args()
    unknown = sorted(set(asked.names) - set(NAMES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(NAMES)}")
    found, failed = {}, 0
    for name in asked.names or NAMES:
        if asked.list or not asked.json:
            print(f"\n== {name}: {about(name)}", flush=True)
        if asked.list:
            continue
        command = [sys.executable, "-m", f"benchmarks.{name}", *(["--json"] if asked.json else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE if asked.json else None, check=False)
        failed |= done.returncode != 0
        if asked.json:
            found[name] = json.loads(done.stdout) if done.returncode == 0 else None
    if asked.json:
        print(json.dumps(found))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
