"""A real desk, the built page and a real Chromium."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.visitors import PeoplesDesk
from tests.flow.desk_process import ROOT, DeskProcess

ARTIFACTS = ROOT / "artifacts"
STATIC = ROOT / "src/hydradesk/doors/gateway/static"
QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
OPEN_MS = 10_000
expect.set_options(timeout=OPEN_MS)

Open = Callable[..., Page]


def lacking(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="package")
def chromium() -> str:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        lacking("there is no Chromium to look at the page with")
    return str(found)


@pytest.fixture(scope="package")
def built() -> None:
    """The page as it ships: built here only when `make setup` has not done so."""
    if (STATIC / "index.html").exists():
        return
    if not (ROOT / "web/node_modules").is_dir() or shutil.which("npm") is None:
        lacking("the page is not built: run `make setup`")
    subprocess.run(["npm", "run", "--silent", "build"], cwd=ROOT / "web", check=True)
    shutil.copytree(ROOT / "web/dist", STATIC)


@pytest.fixture(scope="package")
def desk(chromium: str, built: None, shared: Path) -> Iterator[DeskProcess]:
    """Two recorded minutes a second, the machine trading beside us."""
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-browser-", dir="/var/tmp"))
    folder.chmod(0o755)
    arguments = ("--feed", "replay", "--recordings", str(shared / "data/candles"), "--speed", "120")
    one = DeskProcess(folder, *arguments)
    one.start()
    yield one
    one.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Closed with this package: its event loop would be in the way of asynchronous tests."""
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield one
        one.close()


@pytest.fixture
def complaints() -> list[str]:
    """What the browser's console complained about; a test removes what it provoked."""
    return []


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, browser: Browser, desk: DeskProcess, complaints: list[str]
) -> Iterator[Open]:
    """Open the desk in a window of its own; leaves a picture and tolerates no complaint."""
    pages: list[Page] = []

    def opened(path: str = "/?symbol=ETH-USDT&timeframe=1m", **look: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"} | look
        page = browser.new_context(**options).new_page()
        pages.append(page)
        page.on("console", lambda said: _hear(complaints, said.type, said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"http://localhost:{desk.port}{path}")
        return page

    yield opened
    ARTIFACTS.mkdir(exist_ok=True)
    for number, page in enumerate(pages):
        name = request.node.name.removeprefix("test_")
        page.screenshot(path=ARTIFACTS / f"{name}{number or ''}.png")
        page.context.close()
    assert complaints == []


def _hear(complaints: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning"):
        complaints.append(text)


VIOLATIONS = """window.violations = [];
document.addEventListener("securitypolicyviolation", event =>
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`));"""
EXPECTED = re.compile(r"status of (401|403|422|429)|auth/logout.*ERR_FAILED|ERR_FAILED")
"""What the browser itself says of every refusal; refusals are what some tests are about."""


@pytest.fixture(scope="module")
def people_desk(chromium: str, built: None, shared: Path) -> Iterator[PeoplesDesk]:
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-accounts-", dir="/var/tmp"))
    folder.chmod(0o755)
    recordings = ("--feed", "replay", "--recordings", str(shared / "data/candles"))
    one = PeoplesDesk(
        folder,
        *(*recordings, "--speed", "60"),
        HYDRADESK_ARGON2_MEMORY_KIB="1024",
        HYDRADESK_ARGON2_PASSES="1",
        HYDRADESK_CAPTCHA_DIFFICULTY="10",
        HYDRADESK_RATE_LIMITS='{"anonymous": "off", "user": "off"}',
    )
    one.start()
    yield one
    one.end()
    shutil.rmtree(folder, ignore_errors=True)


Enter = Callable[..., Page]


@pytest.fixture
def enter(
    request: pytest.FixtureRequest, browser: Browser, people_desk: PeoplesDesk
) -> Iterator[Enter]:
    """Open the desk as a newcomer, with the wallets given; no policy is violated on the way."""
    pages: list[Page] = []
    heard: list[str] = []

    def entered(path: str = "/sign-in", wallets: list[str] | None = None, **look: Any) -> Page:
        options = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark"} | look
        page = browser.new_context(**options).new_page()
        pages.append(page)
        page.on("console", lambda said: _hear_all(heard, said.type, said.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.add_init_script(VIOLATIONS)
        for script in wallets or []:
            page.add_init_script(script)
        page.goto(f"http://localhost:{people_desk.port}{path}")
        return page

    yield entered
    ARTIFACTS.mkdir(exist_ok=True)
    name = request.node.name.removeprefix("test_")
    for number, page in enumerate(pages):
        page.screenshot(path=ARTIFACTS / f"accounts_{name}{number or ''}.png")
        assert page.evaluate("window.violations") == []
        page.context.close()
    assert heard == []


def _hear_all(heard: list[str], kind: str, said: str) -> None:
    if "Content Security Policy" in said or (
        kind in ("error", "warning") and not EXPECTED.search(said)
    ):
        heard.append(said)
