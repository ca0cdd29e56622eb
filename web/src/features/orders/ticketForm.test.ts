import { describe, expect, it } from "vitest";

import { BLANK, complaintAbout, complaints, quickQuantity, requestFrom, roughNotional } from "./ticketForm";

const MEANS = { cash: "10000.00", held: "1.23456", price: "2500", lot: "0.0001", most: undefined };

describe("quickQuantity", () => {
  it("never rounds up", () => {
    expect(quickQuantity("buy", 100, { ...MEANS, price: "3333.33" })).toBe("2.955");
    expect(quickQuantity("buy", 25, MEANS)).toBe("0.985");
    expect(quickQuantity("sell", 50, MEANS)).toBe("0.6172");
    expect(quickQuantity("sell", 100, MEANS)).toBe("1.2345");
  });

  it("keeps a purchase under the largest order; what reduces may be larger", () => {
    expect(quickQuantity("buy", 100, { ...MEANS, most: "5000" })).toBe("1.97");
    expect(quickQuantity("buy", 25, { ...MEANS, most: "5000" })).toBe("0.985");
    expect(quickQuantity("sell", 100, { ...MEANS, most: "1000" })).toBe("1.2345");
  });

  it("has no answer without a price, a holding or a lot", () => {
    expect(quickQuantity("buy", 50, { ...MEANS, price: null })).toBeNull();
    expect(quickQuantity("sell", 50, { ...MEANS, held: undefined })).toBeNull();
    expect(quickQuantity("buy", 50, { ...MEANS, lot: undefined })).toBeNull();
  });
});

describe("a ticket", () => {
  it("complains only about unreadable numbers", () => {
    expect(complaints({ ...BLANK, qty: "1" })).toEqual({});
    expect(complaints({ ...BLANK, qty: "0" })).toHaveProperty("qty");
    expect(complaints({ ...BLANK, qty: "1", type: "limit", price: "abc" })).toHaveProperty("price");
  });

  it("sends price and time in force with limit orders only", () => {
    const ticket = { ...BLANK, qty: " 1.5 ", price: "2400" };
    expect(requestFrom(ticket, "ETH-USDT")).toEqual({ symbol: "ETH-USDT", side: "buy", type: "market", qty: "1.5" });
    expect(requestFrom({ ...ticket, type: "limit" }, "ETH-USDT")).toMatchObject({ price: "2400", time_in_force: "gtc" });
  });

  it("finds the server's complaint about a field", () => {
    const errors = [{ field: "body.qty", message: "below the lot", fix: "Use a multiple of 0.0001." }];
    expect(complaintAbout(errors, "qty")).toEqual({ message: "below the lot", fix: "Use a multiple of 0.0001." });
    expect(complaintAbout(errors, "price")).toBeUndefined();
  });

  it("shows a rough value", () => {
    expect(roughNotional({ ...BLANK, qty: "0.5" }, "2500.10")).toBe("1250.05");
    expect(roughNotional({ ...BLANK, qty: "" }, "2500")).toBeNull();
  });
});
