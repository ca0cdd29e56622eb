import { describe, expect, it } from "vitest";

import { drawdowns, picture } from "./equityPicture";

const point = (equity: string) => ({ at: "2025-01-01T00:00:00Z", equity, cash: equity, exposure: "0" });

describe("the equity curve", () => {
  it("measures falls from the peak", () => {
    expect(drawdowns([100, 120, 90, 108])).toEqual({ drawdown: 10, deepest: 25 });
    expect(drawdowns([])).toEqual({ drawdown: 0, deepest: 0 });
  });

  it("needs two points and survives a flat line", () => {
    expect(picture([point("100")], "100")).toBeNull();
    expect(picture([point("100"), point("100")], "100")).toMatchObject({ ahead: true, low: 100, high: 100 });
    expect(picture([point("100"), point("99")], "100")?.ahead).toBe(false);
  });
});
