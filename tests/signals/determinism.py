"""Run as a program: the signals of some hours, hashed, to be compared under other hash seeds.

python -m tests.signals.determinism FILE
"""

import hashlib
import sys
from pathlib import Path

import msgspec

from hydradesk.kernel.ids import SessionId
from hydradesk.signals.domain.mind import Mind
from tests.signals.bars import INSTRUMENTS, all_timeframes, read


def digest(file: Path) -> str:
    mind, told = Mind(SessionId("s"), INSTRUMENTS), hashlib.sha256()
    for bar in all_timeframes(read(file, 10_000, 3_000)):
        told.update(msgspec.json.encode(mind.take(bar, tradable=True)))
    return told.hexdigest()


if __name__ == "__main__":
    sys.stdout.write(digest(Path(sys.argv[1])))
