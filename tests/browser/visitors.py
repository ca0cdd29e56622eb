"""People at a desk that asks who they are: how tests start it, come in and look around."""

import json
import os
import re
import subprocess
import sys
from typing import Any

from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import Page, expect

from tests.browser.wallets import ETHEREUM, SOLANA
from tests.flow.desk_process import ROOT, DeskProcess

PASSWORD = "correct horse battery staple 17"


class PeoplesDesk(DeskProcess):
    """A desk where people sign in."""

    demo = False

    def hire(self, email: str) -> str:
        """Make an administrator as the manual says; returns the one-time link."""
        command = [sys.executable, "-m", "hydradesk", "users", "create", "--admin", "--one-time"]
        told = subprocess.run(
            [*command, "--email", email, "--name", "Boss", "--data-dir", str(self.data_dir)],
            env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "HYDRADESK_PORT": str(self.port)},
            capture_output=True,
            text=True,
            check=True,
        )
        return next(word for word in told.stdout.split() if "/enrol#" in word)


def solana(name: str, features: list[str], **more: Any) -> str:
    return f"({SOLANA})({json.dumps({'name': name, 'features': features} | more)})"


def signed_in(page: Page) -> None:
    expect(page.get_by_role("link", name=re.compile("^Your account"))).to_be_visible()
    expect(page.get_by_role("banner")).to_contain_text("100,000.00")


def register(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_role("radio", name="Create an account").click()
    form = page.get_by_role("form", name="Create an account")
    form.get_by_label("E-mail").fill(email)
    form.get_by_label("Password", exact=True).fill(password)
    form.get_by_label("Name (optional)").fill(email.partition("@")[0].title())
    form.get_by_role("button", name="Create an account").click()


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    form = page.get_by_role("form", name="Sign in with a password")
    form.get_by_label("E-mail").fill(email)
    form.get_by_label("Password", exact=True).fill(password)
    form.get_by_role("button", name="Sign in").click()


def go(page: Page, path: str, heading: str) -> None:
    page.goto(re.sub(r"(//[^/]+)/.*", rf"\1{path}", page.url))
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def sign_out(page: Page) -> None:
    go(page, "/account", "Hello")
    page.get_by_role("navigation", name="Account").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to Hydradesk")).to_be_visible()


def ethereum(page: Page) -> None:
    """Answer the injected wallet with a key of our own."""
    signer = Account.create()

    def answer(method: str, params: list[str]) -> Any:
        if method == "eth_requestAccounts":
            return [signer.address.lower()]
        assert method == "personal_sign" and params[1] == signer.address.lower()
        signed = signer.sign_message(encode_defunct(hexstr=params[0]))
        return "0x" + bytes(signed.signature).hex()

    page.expose_function("ethereumSigner", answer)
    page.add_init_script(f"({ETHEREUM})('Test Ether')")
    page.reload()


def authenticator(page: Page) -> None:
    """Chromium's own virtual authenticator, over its debugging protocol."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        **{"protocol": "ctap2", "transport": "internal", "hasResidentKey": True},
        **{"hasUserVerification": True, "isUserVerified": True},
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def prove(page: Page, password: str = PASSWORD) -> None:
    """Answer the question who is there, where it is asked."""
    dialog = page.get_by_role("dialog", name="Is it you?")
    asked = dialog.get_by_label("Password", exact=True)
    expect(asked).to_be_visible()
    asked.fill(password)
    dialog.get_by_role("button", name="Continue").click()
    expect(dialog).to_have_count(0)
