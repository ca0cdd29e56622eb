"""A real browser keeps the session's cookies on plain http at localhost, as the page needs."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.accounts.sessions.house import ACCESS, CSRF, REFRESH
from tests.flow.desk_process import DeskProcess

ASK = """async ([method, path, body, csrf]) => {
  const headers = {"Content-Type": "application/json"};
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const options = {method, headers, body: body === null ? undefined : JSON.stringify(body)};
  const reply = await fetch(path, options);
  const text = await reply.text();
  return [reply.status, text === "" ? null : JSON.parse(text)];
}"""


class Guarded(DeskProcess):
    """A desk that asks who is calling."""

    demo = False


@pytest.fixture(scope="module")
def guarded(chromium: str) -> Iterator[DeskProcess]:
    folder = Path(tempfile.mkdtemp(prefix="hydradesk-cookies-", dir="/var/tmp"))
    folder.chmod(0o755)
    cheap = {"HYDRADESK_ARGON2_MEMORY_KIB": "8192", "HYDRADESK_ARGON2_PASSES": "1"}
    settings = cheap | {"HYDRADESK_CAPTCHA_DIFFICULTY": "0"}
    desk = Guarded(folder, "--feed", "simulated", **settings)
    desk.start()
    yield desk
    desk.end()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def page(browser: Browser, guarded: DeskProcess) -> Iterator[Page]:
    context = browser.new_context()
    one = context.new_page()
    one.goto(f"http://localhost:{guarded.port}/healthz")
    yield one
    context.close()


def ask(page: Page, method: str, path: str, body: Any = None, csrf: str = "") -> tuple[int, Any]:
    status, said = page.evaluate(ASK, [method, path, body, csrf])
    return int(status), said


def kept(page: Page) -> dict[str, Any]:
    return {str(one["name"]): one for one in page.context.cookies()}


def test_a_browser_keeps_sends_and_forgets_the_sessions_cookies(page: Page) -> None:
    who = {"email": "alice@desk.example", "password": "a long enough phrase", "session": "cookie"}
    status, said = ask(page, "POST", "/api/auth/register", who)
    assert status == 201 and said["access_token"] is None, said
    cookies = kept(page)
    assert set(cookies) == {ACCESS, REFRESH, CSRF}
    for name, one in cookies.items():
        assert one["secure"] and one["sameSite"] == "Strict" and one["domain"] == "localhost"
        assert one["httpOnly"] == (name != CSRF)
        assert one["path"] == ("/api/auth" if name == REFRESH else "/")
    visible = page.evaluate("document.cookie")
    assert visible == f"{CSRF}={said['csrf']}", "scripts see no token"
    assert ask(page, "GET", "/api/auth/me")[1]["person"]["email"] == "alice@desk.example"
    status, problem = ask(page, "POST", "/api/auth/logout-all")
    assert (status, problem["code"]) == (403, "csrf_failed")
    before = cookies[ACCESS]["value"]
    status, again = ask(page, "POST", "/api/auth/refresh", {"session": "cookie"}, said["csrf"])
    assert status == 200 and kept(page)[ACCESS]["value"] != before, again
    page.reload()
    assert ask(page, "GET", "/api/auth/me")[0] == 200
    page.evaluate("localStorage.setItem('x', 'y')")
    assert ask(page, "POST", "/api/auth/logout", None, said["csrf"])[0] == 204
    assert kept(page) == {}
    assert page.evaluate("localStorage.length") == 0, "Clear-Site-Data"
    assert ask(page, "GET", "/api/auth/me")[0] == 401


def test_another_sites_page_sends_none_of_them(page: Page, guarded: DeskProcess) -> None:
    """127.0.0.1 is another site than localhost, on the same desk."""
    who = {"email": "bob@desk.example", "password": "a long enough phrase", "session": "cookie"}
    assert ask(page, "POST", "/api/auth/register", who)[0] == 201
    seen: list[str] = []
    page.on("request", lambda sent: seen.append(str(sent.all_headers().get("cookie", ""))))
    page.goto(f"http://127.0.0.1:{guarded.port}/healthz")
    target = f"http://localhost:{guarded.port}/api/auth/logout-all"
    page.evaluate(
        "url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include'})"
        ".catch(() => null)",
        target,
    )
    assert all(ACCESS not in one for one in seen)
    page.goto(f"http://localhost:{guarded.port}/healthz")
    assert ask(page, "GET", "/api/auth/me")[0] == 200, "nobody was signed out"
