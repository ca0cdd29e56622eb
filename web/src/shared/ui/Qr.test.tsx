import { render, screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";

import { Qr, qrPath } from "./Qr";

/** Reads the drawing back, module by module. */
function redrawn(path: string, size: number): string[] {
  const rows = Array.from({ length: size }, () => Array<string>(size).fill("0"));
  for (const [, ...found] of path.matchAll(/M(\d+) (\d+)h(\d+)v1h-\d+z/g)) {
    const [x = 0, y = 0, width = 0] = found.map((digits) => JSON.parse(digits) as number);
    (rows[y] ?? []).fill("1", x, x + width);
  }
  return rows.map((row) => row.join(""));
}

describe("a QR code", () => {
  it("draws every module and no other", () => {
    const modules = ["1011", "0000", "1111", "0101"];
    expect(redrawn(qrPath(modules), 4)).toEqual(modules);
  });

  it("has a quiet border of four modules, dark on white", () => {
    render(<Qr modules={["10", "01"]} label="Secret" />);
    const drawing = screen.getByRole("img", { name: "Secret" });
    expect(drawing).toHaveAttribute("viewBox", "-4 -4 10 10");
    expect(drawing.querySelector("rect")).toHaveAttribute("fill", "#ffffff");
  });
});
