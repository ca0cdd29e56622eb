import { describe, expect, it } from "vitest";

import {
  compareDecimals,
  decimalText,
  estimateQuantity,
  fixedText,
  floorToStep,
  parseDecimal,
  shareOf,
  type Decimal,
} from "./decimal";

function d(text: string): Decimal {
  const value = parseDecimal(text);
  if (value === null) throw new Error(`not a decimal: ${text}`);
  return value;
}

describe("parseDecimal", () => {
  it.each([
    ["1.50", "1.5"],
    ["-0.001", "-0.001"],
    [".5", "0.5"],
    ["5.", "5"],
    ["1e3", "1000"],
    ["1.25e-4", "0.000125"],
    ["1234567890123456789012345678901234567890.12", "1234567890123456789012345678901234567890.12"],
  ])("reads %s", (text, shown) => {
    expect(decimalText(d(text))).toBe(shown);
  });

  it.each(["", ".", "abc", "1,5", "NaN", "1e9999", "--1", "0x10"])("refuses %j", (text) => {
    expect(parseDecimal(text)).toBeNull();
  });
});

describe("comparison and rounding", () => {
  it("compares across scales without floating point", () => {
    expect(compareDecimals(d("0.1"), d("0.10000000000000000001"))).toBe(-1);
    expect(compareDecimals(d("2.50"), d("2.5"))).toBe(0);
    expect(compareDecimals(d("-1"), d("-2"))).toBe(1);
  });

  it("floors to the lot, also below zero", () => {
    expect(decimalText(floorToStep(d("1.23456"), d("0.001")))).toBe("1.234");
    expect(decimalText(floorToStep(d("-1.2345"), d("0.001")))).toBe("-1.235");
  });

  it("never estimates more than the cash buys", () => {
    for (const cash of ["9999.99", "1", "0.03", "123456.789"]) {
      for (const price of ["3.37", "2512.33", "0.0007"]) {
        const qty = estimateQuantity(d(cash), 100, d(price), d("0.0001"));
        expect(qty).not.toBeNull();
        if (qty === null) continue;
        const spent: Decimal = { units: qty.units * d(price).units, scale: qty.scale + d(price).scale };
        expect(compareDecimals(spent, d(cash))).toBeLessThanOrEqual(0);
      }
    }
  });

  it("gives no estimate without a price", () => {
    expect(estimateQuantity(d("100"), 50, d("0"), d("0.001"))).toBeNull();
  });

  it("takes a share of a holding rounded down", () => {
    expect(decimalText(shareOf(d("0.12345"), 25, d("0.0001")))).toBe("0.0308");
    expect(decimalText(shareOf(d("0.12345"), 100, d("0.0001")))).toBe("0.1234");
  });
});

describe("fixedText", () => {
  it.each([
    ["1234.565", 2, "1234.57"],
    ["-1234.565", 2, "-1234.57"],
    ["0.004", 2, "0.00"],
    ["7", 3, "7.000"],
    ["0.5", 0, "1"],
  ])("shows %s with %i places", (text, places, shown) => {
    expect(fixedText(d(text), places)).toBe(shown);
  });
});
