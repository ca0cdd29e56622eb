"""The terminal's main job, as a person does it: watch, trade, stop, travel in time."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Open
from tests.flow.desk_process import DeskProcess

pytestmark = pytest.mark.browser

DRAWN = """canvas => {
  const {width, height} = canvas;
  const pixels = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  let green = 0, red = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const [r, g, b] = pixels.slice(i, i + 3);
    if (g > 150 && r < 110 && b < 180) green += 1;
    if (r > 200 && g < 150 && b < 150) red += 1;
  }
  return [green, red];
}"""


@pytest.fixture
def page(open_page: Open) -> Page:
    page = open_page()
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    expect(chart(page).locator("canvas").first).to_be_visible()
    return page


def chart(page: Page) -> Locator:
    return page.get_by_role("region", name="Chart")


def ticket(page: Page) -> Locator:
    return page.get_by_role("form", name="Order ticket")


def tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def order(page: Page, qty: str, price: str | None = None) -> None:
    form = ticket(page)
    form.get_by_role("radio", name="Market" if price is None else "Limit").click()
    if price is not None:
        form.get_by_label("Limit price").fill(price)
    form.get_by_label("Quantity", exact=True).fill(qty)
    form.get_by_role("button", name=re.compile("^(Buy|Sell) ETH")).click()


def account(desk: DeskProcess, **change: Any) -> None:
    assert desk.client.patch("/api/portfolio", json=change).status_code == 200


def test_market_data_is_drawn_and_explained(page: Page) -> None:
    for badge in ("REPLAY", "PAPER"):
        expect(page.get_by_text(badge, exact=True)).to_be_visible()
    page.wait_for_timeout(500)  # one frame of the drawing library
    green, red = chart(page).locator("canvas").nth(0).evaluate(DRAWN)
    assert green > 500 and red > 500, (green, red)
    expect(chart(page)).to_contain_text(re.compile(r"EMA 200 [\d,.]+"))
    expect(page.get_by_role("region", name="Indicators")).to_contain_text(
        re.compile("RSI 14.*of 100")
    )
    signal = page.get_by_role("region", name="Signal", exact=True)
    expect(signal.get_by_text(re.compile("^(BUY|SELL|HOLD)$")).first).to_be_visible()
    expect(signal).to_contain_text(re.compile("(BUY|SELL|HOLD) ETH-USDT on 1m at .*the votes lean"))
    expect(signal.locator("details").first).to_be_attached()


def test_an_order_fills_and_the_account_moves(page: Page, desk: DeskProcess) -> None:
    account(desk, auto_trade=False)
    before = desk.get("/api/portfolio")["fees"]
    order(page, "0.5")
    sent = ticket(page).get_by_role("status")
    expect(sent).to_contain_text("Sent: buy 0.5 ETH at market")
    expect(sent).to_contain_text("filled")
    expect(sent).to_contain_text("Filled 0.5 of 0.5 ETH at 2,")
    positions = page.get_by_role("table", name="Positions")
    row = positions.get_by_role("row").filter(has_text="ETH-USDT")
    expect(row.get_by_role("button", name="Close the ETH-USDT position")).to_be_visible()
    value = row.get_by_role("cell").nth(4)
    seen = value.inner_text()
    expect(value).not_to_have_text(seen)  # worth something else at the next price
    assert desk.get("/api/portfolio")["fees"] != before
    tab(page, "Trades")
    bought = (
        page.get_by_role("table", name="Trade history").get_by_role("row").filter(has_text="you")
    )
    expect(bought.first).to_contain_text("buy")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").or_(page.get_by_role("button", name="CSV")).click()
    assert download.value.path().read_text().startswith("id,order_id,symbol,side,qty,price")
    tab(page, "Equity")
    expect(page.get_by_role("tabpanel")).to_contain_text("Drawdown")
    tab(page, "Positions")
    row.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Close at market").click()
    expect(row.get_by_role("button")).to_have_count(0)


@pytest.mark.parametrize(
    ("qty", "message"),
    [
        ("100", "over the limit of 25000"),
        ("0.00005", "not a multiple of 0.0001"),
        ("0.001", "under the minimum of 5"),
    ],
)
def test_a_refusal_is_explained_at_the_field(
    page: Page, complaints: list[str], qty: str, message: str
) -> None:
    order(page, qty)
    field = ticket(page).get_by_label("Quantity", exact=True)
    expect(field).to_have_attribute("aria-invalid", "true")
    said = page.locator(f"[id='{field.get_attribute('aria-describedby')}']")
    expect(said).to_contain_text(message)
    expect(said).to_contain_text("send")  # the fix
    if qty == "100":
        expect(ticket(page).get_by_role("alert").filter(has_text="Guardian")).to_contain_text(
            "order_size"
        )
    assert [one for one in complaints if "422" in one]
    complaints.clear()  # the browser reports each 422 by itself


def test_a_resting_order_is_cancelled(page: Page) -> None:
    order(page, "0.2", price="1500")
    tab(page, "Open orders")
    row = page.get_by_role("table", name="Open orders").get_by_role("row").filter(has_text="1,500")
    expect(row).to_contain_text("working")
    row.get_by_role("button", name="Cancel").click()
    expect(row).to_have_count(0)
    tab(page, "Order history")
    expect(page.get_by_role("row").filter(has_text="1,500").first).to_contain_text("cancelled")
    tab(page, "Guardian")
    expect(page.get_by_role("tabpanel")).to_contain_text("APPROVED")


def test_a_halt_is_seen_everywhere(page: Page, open_page: Open) -> None:
    other = open_page()
    tab(page, "Limits")
    page.get_by_role("button", name="Halt trading").click()
    page.get_by_label("Reason").fill("news at two")
    page.get_by_role("button", name="Halt now").click()
    expect(other.get_by_role("alert").filter(has_text="news at two")).to_be_visible()
    page.get_by_role("button", name="Resume trading").click()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(other.get_by_role("alert").filter(has_text="news at two")).to_have_count(0)


def test_older_bars_come_when_scrolled_to(page: Page) -> None:
    box = chart(page).locator("canvas").first.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 150
    older: list[str] = []
    page.on("response", lambda reply: older.append(reply.url) if "cursor=" in reply.url else None)
    for _ in range(40):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 600, y, steps=3)
        page.mouse.up()
        page.wait_for_timeout(50)
        if any("/api/candles" in url for url in older):
            return
    raise AssertionError("no older candles were asked for")


def test_keys_do_what_the_help_says(page: Page, desk: DeskProcess) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_contain_text("Switch symbol")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="5m", exact=True)).to_be_checked()
    page.keyboard.press("s")
    expect(page).to_have_url(re.compile("symbol=BTC-USDT&timeframe=5m"))
    expect(page.get_by_role("button", name="Buy BTC")).to_be_visible()
    page.keyboard.press("x")
    expect(page.get_by_role("button", name="Sell BTC")).to_be_visible()
    expect(page.get_by_label("Quantity", exact=True)).to_be_focused()
    page.keyboard.type("2s ")  # a field keeps its keys
    expect(page).to_have_url(re.compile("symbol=BTC-USDT&timeframe=5m"))
    page.get_by_label("Quantity", exact=True).blur()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Resume replay")).to_be_visible()
    assert desk.get("/api/feed")["paused"]
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause replay")).to_be_visible()


def test_an_alert_speaks_when_its_level_is_crossed(page: Page, desk: DeskProcess) -> None:
    page.get_by_role("button", name="Alerts are off").click()
    last = desk.get("/api/markets")["items"][0]["price"]
    for way in ("Rises to", "Falls to"):  # one of them is next
        page.get_by_role("radio", name=way).click()
        page.get_by_label("Price", exact=True).fill(last)
        page.get_by_role("button", name="Add", exact=True).click()
    page.keyboard.press("Escape")
    told = page.get_by_role("status").filter(has_text="ETH-USDT crossed")
    expect(told.first).to_be_visible(timeout=20_000)


def test_a_reset_is_followed_by_every_window(page: Page, open_page: Open) -> None:
    other = open_page()
    order(page, "0.3")
    expect(other.get_by_role("button", name="Close the ETH-USDT position")).to_be_visible()
    tab(page, "Account")
    page.get_by_role("button", name="Reset account").click()
    page.get_by_role("button", name="Open a fresh account").click()
    for window in (page, other):
        expect(window.get_by_role("banner")).to_contain_text("100,000.00")
    expect(other.get_by_text("No position")).to_be_visible()
    expect(ticket(page).get_by_role("status")).to_have_count(0)


def test_a_jump_opens_a_new_session_and_the_page_follows(page: Page, desk: DeskProcess) -> None:
    before = desk.get("/api/feed")["session"]
    page.get_by_role("button", name="Pause replay").click()
    expect(page.get_by_role("button", name="Resume replay")).to_be_visible()
    page.get_by_role("button", name="Go to…").click()
    page.get_by_label("Date and time").fill("2025-06-26T12:00")
    page.get_by_role("button", name="Go there").click()
    expect(page.get_by_role("banner")).to_contain_text("2025-06-26 UTC")
    expect(page.get_by_role("banner")).to_contain_text("100,000.00")
    assert desk.get("/api/feed")["session"] != before
    page.get_by_role("button", name="Resume replay").click()
    expect(page.get_by_role("button", name="Pause replay")).to_be_visible()
    signal = page.get_by_role("region", name="Signal", exact=True)
    expect(signal).to_contain_text(re.compile("(BUY|SELL|HOLD) ETH-USDT on 1m at"))


def test_the_page_outlives_the_desk(page: Page, desk: DeskProcess, complaints: list[str]) -> None:
    desk.kill()
    expect(page.get_by_role("alert").filter(has_text="desk")).to_be_visible()
    desk.start()
    expect(page.get_by_text("connected", exact=True)).to_be_visible()
    clock = page.get_by_role("banner").locator("time")
    seen = clock.inner_text()
    expect(clock).not_to_have_text(seen)
    complaints.clear()  # every failed attempt to connect is reported by the browser
