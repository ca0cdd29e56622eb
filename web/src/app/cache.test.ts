import { QueryClient, type InfiniteData } from "@tanstack/react-query";
import { beforeEach, describe, expect, it, vi } from "vitest";

import type { StreamMessage } from "../shared/api/live";
import { doneOrdersQuery, openOrdersQuery, positionsQuery } from "../shared/api/queries";
import type { Candle, Order, Page } from "../shared/api/types";
import { latestPrices, mergeEquity, mergeFirst, mergeLast, mergeOpenOrder, writeBatch } from "./cache";

interface Row { id: string; version: number; note?: string }

function pages<T>(...lists: T[][]): InfiniteData<Page<T>> {
  return { pages: lists.map((items) => ({ items, next: null })), pageParams: lists.map(() => null) };
}

function delta(topic: string, data: unknown): StreamMessage {
  return { type: "delta", topic, seq: 1, ts: "2025-01-01T00:00:00Z", data };
}

const bar = (open_time: string, close = "1"): Candle => ({ open_time, open: "1", high: "1", low: "1", close, volume: "1" });

const order = (state: Order["state"], version: number): Order => ({
  id: "o1",
  symbol: "ETH-USDT",
  side: "buy",
  type: "limit",
  qty: "1",
  price: "2500",
  time_in_force: "gtc",
  state,
  filled: "0",
  average_price: null,
  fees: "0",
  origin: "manual",
  signal_id: null,
  reason: null,
  venue: "paper",
  created_at: "2025-01-01T00:00:00Z",
  updated_at: "2025-01-01T00:00:00Z",
  version,
});

let client: QueryClient;
beforeEach(() => {
  client = new QueryClient();
});

describe("merging", () => {
  const byId = (row: Row) => row.id;
  const version = (row: Row) => row.version;

  it("puts a new row first and replaces a known one in its place, never by an older version", () => {
    const old = pages<Row>([{ id: "b", version: 2 }], [{ id: "a", version: 1 }]);
    expect(mergeFirst(old, { id: "c", version: 1 }, byId, version)?.pages[0]?.items.map(byId)).toEqual(["c", "b"]);
    expect(mergeFirst(old, { id: "a", version: 2, note: "new" }, byId, version)?.pages[1]?.items[0]?.note).toBe("new");
    expect(mergeFirst(old, { id: "b", version: 1, note: "late" }, byId, version)?.pages[0]?.items[0]?.note).toBeUndefined();
    expect(mergeFirst(undefined, { id: "c", version: 1 }, byId, version)).toBeUndefined();
  });

  it("appends closed bars at the young end of the newest page", () => {
    const old = pages([bar("2025-01-01T00:01:00Z")], [bar("2025-01-01T00:00:00Z")]);
    expect(mergeLast(old, bar("2025-01-01T00:02:00Z"))?.pages[0]?.items).toHaveLength(2);
    expect(mergeLast(old, bar("2025-01-01T00:01:00Z", "9"))?.pages[0]?.items).toEqual([bar("2025-01-01T00:01:00Z", "9")]);
  });

  it("lengthens the equity curve only forwards", () => {
    const point = (at: string) => ({ at, equity: "1", cash: "1", exposure: "0" });
    const page = { items: [point("2025-01-01T00:01:00Z")], next: null };
    expect(mergeEquity(page, point("2025-01-01T00:01:15Z"))?.items).toHaveLength(2);
    expect(mergeEquity(page, point("2025-01-01T00:01:00Z"))).toBe(page);
    expect(mergeEquity(undefined, point("2025-01-01T00:01:00Z"))).toBeUndefined();
  });

  it("drops an ended order from the open ones and ignores late versions", () => {
    const page: Page<Order> = { items: [order("working", 2)], next: null };
    expect(mergeOpenOrder(page, order("filled", 3))?.items).toEqual([]);
    expect(mergeOpenOrder(page, order("created", 1))).toBe(page);
  });
});

describe("writeBatch", () => {
  it("moves an order from open to done", () => {
    client.setQueryData(openOrdersQuery.queryKey, { items: [order("working", 1)], next: null });
    client.setQueryData(doneOrdersQuery.queryKey, pages<Order>([]));
    writeBatch(client, [delta("orders", order("filled", 2))]);
    expect(client.getQueryData(openOrdersQuery.queryKey)?.items).toEqual([]);
    expect(client.getQueryData(doneOrdersQuery.queryKey)?.pages[0]?.items[0]?.state).toBe("filled");
  });

  it("keeps the growing bar apart and adds it to the history when it closes", () => {
    const key = ["candles", "ETH-USDT", "1m"];
    client.setQueryData(key, pages([bar("2025-01-01T00:00:00Z")]));
    writeBatch(client, [delta("candles:ETH-USDT:1m", { ...bar("2025-01-01T00:01:00Z"), closed: false })]);
    expect(client.getQueryData<InfiniteData<Page<Candle>>>(key)?.pages[0]?.items).toHaveLength(1);
    writeBatch(client, [delta("candles:ETH-USDT:1m", { ...bar("2025-01-01T00:01:00Z"), closed: true })]);
    expect(client.getQueryData<InfiniteData<Page<Candle>>>(key)?.pages[0]?.items).toHaveLength(2);
    expect(client.getQueryData(["bar", "ETH-USDT", "1m"])).toMatchObject({ closed: true });
  });

  it("asks again for a history that it left a hole in", () => {
    const key = ["candles", "ETH-USDT", "5m"];
    client.setQueryData(key, pages([bar("2025-01-01T00:00:00Z")]));
    const invalidate = vi.spyOn(client, "invalidateQueries");
    writeBatch(client, [delta("candles:ETH-USDT:5m", { ...bar("2025-01-01T00:05:00Z"), closed: true })]);
    expect(invalidate).not.toHaveBeenCalled();
    writeBatch(client, [delta("candles:ETH-USDT:5m", { ...bar("2025-01-01T00:15:00Z"), closed: true })]);
    expect(invalidate).toHaveBeenCalledWith({ queryKey: key });
  });

  it("announces once per batch what it cannot write", () => {
    const invalidate = vi.spyOn(client, "invalidateQueries");
    client.setQueryData(positionsQuery.queryKey, { items: [], next: null });
    writeBatch(client, [delta("orders", order("working", 1)), delta("risk", { kind: "halted", halted: true, reason: "x" })]);
    expect(invalidate).toHaveBeenCalledTimes(1);
    expect(invalidate).toHaveBeenCalledWith({ queryKey: ["limits"] });
  });

  it("writes nothing for a topic that it does not know", () => {
    expect(() => {
      writeBatch(client, [delta("weather", {})]);
    }).not.toThrow();
  });
});

describe("latestPrices", () => {
  it("keeps the last price of each symbol, and all else in order", () => {
    const price = (symbol: string, value: string) => delta("prices", { symbol, price: value, at: null, state: "fresh" });
    const kept = latestPrices([price("A", "1"), price("B", "5"), delta("orders", {}), price("A", "2")]);
    expect(kept.map((message) => message.data)).toMatchObject([{ symbol: "B" }, {}, { symbol: "A", price: "2" }]);
  });
});
