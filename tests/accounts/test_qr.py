"""QR codes are read by somebody else's reader, at every version and size."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hydradesk.accounts.domain import otp
from hydradesk.accounts.domain.qr import modules
from hydradesk.kernel.errors import Invalid

READER = Path(__file__).parents[1] / "node/read_qr.js"


def test_every_length_is_read() -> None:
    if not (READER.parent / "node_modules/jsqr").exists() or shutil.which("node") is None:
        reason = "no reader of QR codes: npm ci in tests/node (make test does it)"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    texts = [
        "".join(chr(33 + (at * 7 + size) % 90) for at in range(size)) for size in range(1, 288)
    ]
    texts.append(otp.uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "alice@desk.example", "desk.example"))
    codes = [modules(text) for text in texts]
    assert {len(code) for code in codes} == {17 + 4 * version for version in range(1, 13)}
    done = subprocess.run(
        ["node", str(READER)], input=json.dumps(codes), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == texts


def test_too_much_is_said_to_be() -> None:
    with pytest.raises(Invalid):
        modules("x" * 288)


def test_a_long_address_still_fits() -> None:
    assert modules(otp.uri("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "é" * 254, "desk.example"))
