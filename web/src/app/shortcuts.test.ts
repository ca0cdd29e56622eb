import { afterEach, describe, expect, it, vi } from "vitest";

import { handle, type Shortcut } from "./shortcuts";

function press(key: string, target: HTMLElement, extra: KeyboardEventInit = {}): { ran: boolean; run: ReturnType<typeof vi.fn> } {
  const run = vi.fn();
  const shortcuts: Shortcut[] = [{ keys: ["b", " "], shown: "B", meaning: "buy", run }];
  let ran = false;
  target.addEventListener("keydown", (event) => {
    ran = handle(event, shortcuts);
  }, { once: true });
  target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...extra }));
  return { ran, run };
}

function put<K extends keyof HTMLElementTagNameMap>(tag: K): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  document.body.append(element);
  return element;
}

afterEach(() => {
  document.body.replaceChildren();
});

describe("handle", () => {
  it("runs a shortcut, also with caps lock", () => {
    expect(press("B", document.body).run).toHaveBeenCalledOnce();
  });

  it("leaves keys to a field that is being written in, and to combinations", () => {
    expect(press("b", put("input")).ran).toBe(false);
    expect(press("b", document.body, { ctrlKey: true }).ran).toBe(false);
  });

  it("leaves space to buttons but not the letters", () => {
    expect(press(" ", put("button")).ran).toBe(false);
    expect(press("b", put("button")).ran).toBe(true);
  });

  it("rests while a dialog is open", () => {
    put("dialog").setAttribute("open", "");
    expect(press("b", document.body).ran).toBe(false);
  });
});
