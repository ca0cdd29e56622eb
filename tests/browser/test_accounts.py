"""People come in through the page as they would: wallets that sign, passkeys, passwords, codes."""

import re
from typing import Any

import pyotp
import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.conftest import ARTIFACTS, Enter
from tests.browser.test_looks import FAINT, NAMELESS, WIDTHS
from tests.browser.visitors import (
    PASSWORD,
    PeoplesDesk,
    authenticator,
    ethereum,
    go,
    prove,
    register,
    sign_in,
    sign_out,
    signed_in,
    solana,
)

pytestmark = pytest.mark.browser

SIGN_IN = ["solana:signIn", "solana:signMessage"]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
CUT_OFF = """() => [...document.querySelectorAll("main button, main input, main select")]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth)
  .concat([...document.querySelectorAll("main section > div")]
    .filter(one => one.scrollWidth > one.clientWidth + 1))
  .map(one => one.outerHTML.slice(0, 120))"""
"""On a wide screen no panel of the office has to be scrolled sideways."""

PAGES = {
    "/account": "Hello, ",
    "/account/profile": "Profile",
    "/account/security": "Security",
    "/account/withdrawals": "Withdrawals",
    "/account/identity": "Identity",
    "/account/webhooks": "Webhooks",
    "/account/audit": "Audit trail",
    "/account/privacy": "Privacy",
}
OFFICE = {
    "/admin": "Overview",
    "/admin/people": "People",
    "/admin/kyc": "Identity checks",
    "/admin/withdrawals": "Withdrawals",
    "/admin/audit": "Audit trail",
    "/admin/limits": "Limits and features",
    "/admin/security": "Security events",
}


def test_a_stranger_sees_the_market_and_is_asked_to_sign_in(enter: Enter) -> None:
    page = enter("/?symbol=ETH-USDT&timeframe=1m")
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_role("region", name="Your desk")).to_contain_text("Sign in to trade")
    expect(page.get_by_role("form", name="Order ticket")).to_have_count(0)
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    page.get_by_role("region", name="Your desk").get_by_role("link", name="Sign in").click()
    expect(page.get_by_role("heading", name="Sign in to Hydradesk")).to_be_visible()


@pytest.mark.parametrize(
    "features",
    [SIGN_IN, ["solana:signMessage"], ["solana:signTransaction"]],
    ids=["signIn", "signMessage", "memo"],
)
def test_a_solana_wallet_signs_in(enter: Enter, features: list[str]) -> None:
    other = solana("Another", ["solana:signMessage"])
    page = enter(wallets=[other, solana("Phantom", features)])
    wallets = page.get_by_role("list", name="Wallets").get_by_role("button")
    expect(wallets).to_have_count(2)
    expect(wallets.first).to_contain_text("Phantom")
    wallets.first.click()
    signed_in(page)
    page.reload()
    signed_in(page)
    go(page, "/account/security", "Security")
    expect(page.get_by_role("list", name="Ways to sign in")).to_contain_text("Solana wallet")
    expect(page.get_by_role("list", name="Devices")).to_contain_text("THIS DEVICE")


def test_a_wallet_that_comes_late_or_declines(enter: Enter) -> None:
    page = enter(wallets=[solana("Shy", SIGN_IN, late=True, decline=True)])
    expect(page.get_by_text("No wallet was found")).to_be_visible()
    page.get_by_role("button", name="Shy").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    expect(page.get_by_role("button", name="Shy")).to_be_enabled()


def test_an_ethereum_wallet_signs_in(enter: Enter) -> None:
    page = enter()
    ethereum(page)
    page.get_by_role("button", name="Test Ether").click()
    signed_in(page)
    go(page, "/account/security", "Security")
    expect(page.get_by_role("list", name="Ways to sign in")).to_contain_text("Ethereum wallet")


def test_a_passkey_is_added_and_signs_in(enter: Enter) -> None:
    page = enter()
    authenticator(page)
    register(page, "keyed@desk.example")
    signed_in(page)
    go(page, "/account/security", "Security")
    page.get_by_role("button", name="Add a passkey").click()
    dialog = page.get_by_role("dialog", name="Add a passkey")
    dialog.get_by_label("What you call it").fill("Laptop")
    dialog.get_by_role("button", name="Continue").click()
    prove(page)
    expect(page.get_by_role("list", name="Ways to sign in")).to_contain_text("Laptop")
    sign_out(page)
    page.get_by_role("button", name="Use a passkey").click()
    signed_in(page)


def test_password_then_code_then_recovery_code(enter: Enter) -> None:
    page = enter()
    register(page, "carol@desk.example", "password")
    problem = page.get_by_label("Password", exact=True)
    expect(problem).to_have_attribute("aria-invalid", "true")
    register(page, "carol@desk.example")
    signed_in(page)
    go(page, "/account/security", "Security")
    page.get_by_role("button", name="Set up").click()
    prove(page)
    dialog = page.get_by_role("dialog", name="Set up an authenticator app")
    expect(dialog.get_by_role("img", name=re.compile("QR code"))).to_be_visible()
    page.wait_for_timeout(400)  # the dialog has risen: only for the picture
    page.screenshot(path=ARTIFACTS / "accounts_totp.png")
    totp = pyotp.TOTP(dialog.get_by_label("Authenticator secret").inner_text().strip())
    dialog.get_by_label("Code from the app").fill(totp.now())
    dialog.get_by_role("button", name="Turn it on").click()
    codes = page.get_by_label("Recovery codes", exact=True).inner_text().split()
    assert len(codes) >= 8
    page.get_by_role("button", name="I have kept them").click()
    sign_out(page)
    sign_in(page, "carol@desk.example", "something else entirely")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page, "carol@desk.example")
    expect(page.get_by_label("Code from your authenticator app")).to_be_focused()
    page.get_by_role("button", name="use a recovery code").click()
    page.get_by_label("Recovery code", exact=True).fill(codes[0])
    page.keyboard.press("Enter")
    signed_in(page)
    go(page, "/account/security", "Security")
    expect(page.get_by_text(f"{len(codes) - 1} LEFT")).to_be_visible()


def test_signing_in_with_the_keyboard_alone(enter: Enter) -> None:
    page = enter()
    register(page, "keys@desk.example")
    signed_in(page)
    sign_out(page)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "email":
            break
    page.keyboard.type("keys@desk.example")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    signed_in(page)


def test_signing_out_leaves_nothing_behind(enter: Enter, people_desk: PeoplesDesk) -> None:
    page = enter(wallets=[solana("Phantom", SIGN_IN)])
    page.get_by_role("button", name="Phantom").click()
    signed_in(page)
    other = page.context.new_page()
    other.goto(f"http://localhost:{people_desk.port}/account/security")
    expect(other.get_by_role("heading", name="Security")).to_be_visible()
    sign_out(page)
    expect(other.get_by_role("heading", name="Sign in to Hydradesk")).to_be_visible()
    kept = page.evaluate("Object.keys(localStorage)")
    assert set(kept) <= {"hydradesk.theme", "hydradesk.refreshed", "hydradesk.view"}, kept
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("fetch('/api/account').then(answer => answer.status)") == 401
    page.goto(f"http://localhost:{people_desk.port}/")
    expect(page.get_by_role("region", name="Your desk")).to_contain_text("Sign in to trade")


def test_signing_out_while_the_desk_is_unreachable(enter: Enter, people_desk: PeoplesDesk) -> None:
    page = enter(wallets=[solana("Phantom", SIGN_IN)])
    page.get_by_role("button", name="Phantom").click()
    signed_in(page)
    go(page, "/account", "Hello")
    page.route("**/api/auth/logout", lambda route: route.abort())
    page.on("console", lambda said: None)
    page.get_by_role("navigation", name="Account").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Hydradesk")).to_be_visible()
    page.unroute("**/api/auth/logout")
    with page.expect_response("**/api/auth/logout") as told:
        page.goto(f"http://localhost:{people_desk.port}/")
    assert told.value.status == 204
    expect(page.get_by_role("region", name="Your desk")).to_contain_text("Sign in to trade")


def test_an_api_key_is_made_shown_once_and_deleted(enter: Enter, people_desk: PeoplesDesk) -> None:
    page = enter()
    register(page, "maker@desk.example")
    signed_in(page)
    go(page, "/account/security", "Security")
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog", name="New API key")
    dialog.get_by_label("Name").fill("my bot")
    dialog.get_by_role("button", name="Make the key").click()
    prove(page)
    secret = page.get_by_label("Secret", exact=True).inner_text().strip()
    page.get_by_role("button", name="I have kept it").click()
    expect(page.get_by_role("list", name="API keys")).to_contain_text("my bot")
    assert secret not in page.content()
    bearer = {"Authorization": f"Bearer {secret}"}
    assert people_desk.client.get("/api/portfolio", headers=bearer).status_code == 200
    page.get_by_role("list", name="API keys").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("No API key")).to_be_visible()
    assert people_desk.client.get("/api/portfolio", headers=bearer).status_code == 401


def test_the_session_is_renewed_once_when_it_has_expired(enter: Enter) -> None:
    page = enter(wallets=[solana("Phantom", SIGN_IN)])
    page.get_by_role("button", name="Phantom").click()
    signed_in(page)
    context: BrowserContext = page.context
    context.clear_cookies(name="__Host-desk")  # as the browser does when it has expired
    refreshed: list[str] = []
    page.on("response", lambda it: refreshed.append(it.url) if "auth/refresh" in it.url else None)
    go(page, "/account/security", "Security")
    expect(page.get_by_role("list", name="Devices")).to_contain_text("THIS DEVICE")
    assert len(refreshed) == 1


def test_the_office_is_for_those_who_run_the_desk(enter: Enter, people_desk: PeoplesDesk) -> None:
    page = enter()
    register(page, "nosy@desk.example")
    signed_in(page)
    expect(page.get_by_role("link", name="Administration")).to_have_count(0)
    page.goto(f"http://localhost:{people_desk.port}/admin/people")
    expect(page.get_by_text("There is no such page.")).to_be_visible()
    sign_out(page)
    page.goto(people_desk.hire("chief@desk.example"))
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    signed_in(page)
    assert "#" not in page.url
    page.get_by_role("link", name="Administration").click()
    for path, heading in OFFICE.items():
        go(page, path, heading)
        expect(page.get_by_text("Could not load")).to_have_count(0)
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(FAINT, 4.4) == []
        assert page.evaluate(CUT_OFF) == []
        page.screenshot(path=ARTIFACTS / f"office_{path.rpartition('/')[2]}.png")
    page.get_by_role("navigation", name="Administration").get_by_role(
        "link", name="Audit trail"
    ).click()
    page.get_by_role("button", name="Verify every chain").click()
    expect(page.get_by_role("status").filter(has_text="Unbroken")).to_be_visible()


@pytest.mark.parametrize("look", ["dark", "light", "phone"])
def test_every_page_of_the_account_can_be_read(enter: Enter, look: str) -> None:
    options: dict[str, Any] = PHONE if look == "phone" else {"color_scheme": look}
    page = enter(wallets=[solana("Phantom", SIGN_IN)], **options)
    page.get_by_role("button", name="Phantom").click()
    expect(page.get_by_role("link", name=re.compile("^Your account"))).to_be_visible()
    for path, heading in PAGES.items():
        go(page, path, heading)
        expect(page.get_by_text("Could not load")).to_have_count(0)
        wide, screen = page.evaluate(WIDTHS)
        assert wide <= screen, f"{path} is {wide} wide"
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(FAINT, 4.4) == []
        name = path.removeprefix("/account").strip("/") or "home"
        page.screenshot(path=ARTIFACTS / f"account_{look}_{name}.png")
