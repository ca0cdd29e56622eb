"""What everybody needs to be able to see and reach, on every screen."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTIFACTS, Open

pytestmark = pytest.mark.browser

NAMELESS = """() => [...document.querySelectorAll("button, a, input, [role=tab], [role=radio]")]
  .filter(one => one.checkVisibility())
  .filter(one => !(one.ariaLabel || one.textContent.trim() || one.title || one.labels?.length
    || one.getAttribute("aria-labelledby")))
  .map(one => one.outerHTML.slice(0, 120))"""

FAINT = """least => {
  const dot = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = colour => {
    dot.clearRect(0, 0, 1, 1);
    dot.fillStyle = colour;
    dot.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = dot.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a));
  const ground = one => one === null ? [255, 255, 255]
    : over(rgba(getComputedStyle(one).backgroundColor), ground(one.parentElement));
  const light = colour => {
    const [r, g, b] = colour.map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = one => {
    const back = ground(one);
    const [a, b] = [light(over(rgba(getComputedStyle(one).color), back)), light(back)];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const spoken = one => [...one.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll("body *")]
    .filter(one => one.checkVisibility({opacityProperty: true}) && spoken(one))
    .filter(one => !one.closest("svg, [disabled], [aria-pressed=false], .sr-only"))
    .filter(one => ratio(one) < least)
    .map(one => `${one.textContent.trim().slice(0, 30)} ${ratio(one).toFixed(2)}`);
}"""

WIDTHS = "() => [document.documentElement.scrollWidth, innerWidth]"


LENGTHEN = """more => {
  const places = document.querySelectorAll("header, [aria-label=Replay], [role=alert]");
  for (const place of places) {
    const walk = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) walk.currentNode.data += more;
  }
  const wide = [document.documentElement.scrollWidth, innerWidth];
  const walk = place => {
    const texts = document.createTreeWalker(place, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.slice(0, -more.length);
  };
  places.forEach(walk);
  return wide;
}"""
"""Every text in a head or a bar becomes longer, the page is measured, and all is as it was."""


def ready(page: Page) -> Page:
    expect(page.locator("canvas").first).to_be_visible()
    expect(page.get_by_text("Loading")).to_have_count(0)
    return page


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_everything_can_be_read_and_named(open_page: Open, scheme: str) -> None:
    page = ready(open_page(color_scheme=scheme))
    bright = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", bright)[0]) > 128) == (scheme == "light"), bright
    assert page.evaluate(NAMELESS) == []
    assert page.evaluate(FAINT, 4.4) == []


def test_the_keyboard_shows_where_it_is(open_page: Open) -> None:
    page = ready(open_page())
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("() => document.activeElement.outerHTML")


def test_a_phone_shows_all_of_it(open_page: Open) -> None:
    look = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    page = ready(open_page(**look))
    told = {
        "Signal": page.get_by_role("region", name="Patterns"),
        "Trade": page.get_by_role("form", name="Order ticket"),
        "Books": page.get_by_role("tab", name="Guardian"),
        "Chart": page.get_by_role("region", name="Indicators"),
    }
    for name, content in told.items():
        page.get_by_role("navigation", name="Places").get_by_role("button", name=name).tap()
        expect(content).to_be_visible()
        wide, screen = page.evaluate(WIDTHS)
        assert wide <= screen, f"{name} is {wide} wide"
        assert page.evaluate(NAMELESS) == []
        page.screenshot(path=ARTIFACTS / f"phone_{name.lower()}.png")


@pytest.mark.parametrize("width", [800, 1180, 2560])
def test_no_width_scrolls_sideways(open_page: Open, width: int) -> None:
    page = ready(open_page(viewport={"width": width, "height": 1000}))
    wide, screen = page.evaluate(WIDTHS)
    assert wide <= screen


def test_long_numbers_wrap_and_never_widen_the_page(open_page: Open) -> None:
    page = ready(open_page())
    sizes = (320, 360, 390, 480, 640, 699, 700, 768, 800, 900, 1024, 1179, 1180, 1280, 1440)
    for width in (*sizes, 1919, 1920, 2560):
        page.set_viewport_size({"width": width, "height": 1000})
        ready(page)
        for more in ("", "00,000", "1,234,567,890"):
            wide, screen = page.evaluate(LENGTHEN, more) if more else page.evaluate(WIDTHS)
            assert wide <= screen, f"{wide} at {width} with {more!r}"


def test_the_system_page_and_an_unknown_one(open_page: Open) -> None:
    page = open_page("/system")
    expect(page.get_by_role("region", name="Checks")).to_contain_text("PostgreSQL")
    expect(page.get_by_role("table", name="Stream quality")).to_contain_text("BTC-USDT")
    page.goto(page.url.replace("/system", "/nowhere"))
    expect(page.get_by_text("There is no such page.")).to_be_visible()


def test_the_api_can_be_tried_out(open_page: Open) -> None:
    page = open_page("/api/docs/swagger")
    block = page.locator("#operations-market-listCandles")
    block.get_by_role("button").first.click()
    block.get_by_role("button", name="Try it out").click()
    block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    expect(block.locator(".live-responses-table")).to_contain_text("open_time")
