import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { StreamMessage } from "../shared/api/live";
import { DeskSocket, type Wire } from "./socket";

class TestWire implements Wire {
  readyState = 0;
  sent: Record<string, unknown>[] = [];
  closed = false;
  onopen: Wire["onopen"] = null;
  onmessage: Wire["onmessage"] = null;
  onclose: Wire["onclose"] = null;

  send = (text: string) => {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  };
  close = () => {
    this.closed = true;
  };

  open(): void {
    this.readyState = 1;
    this.onopen?.();
  }
  say(type: string, topic: string | null, seq = 0, data: unknown = null): void {
    this.onmessage?.({ data: JSON.stringify({ type, topic, seq, ts: "2025-01-01T00:00:00Z", data }) });
  }
  fall(reason = ""): void {
    this.onclose?.({ code: 1006, reason });
  }
}

let wires: TestWire[];
let delivered: StreamMessage[];
let socket: DeskSocket;

function wire(): TestWire {
  const last = wires.at(-1);
  if (last === undefined) throw new Error("no connection was made");
  return last;
}

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  delivered = [];
  socket = new DeskSocket({
    connect: () => {
      const made = new TestWire();
      wires.push(made);
      return made;
    },
    deliver: (messages) => delivered.push(...messages),
    random: () => 1,
  });
});

afterEach(() => {
  socket.stop();
  vi.useRealTimers();
});

function seen(): [string, number][] {
  vi.advanceTimersByTime(200);
  return delivered.map((message) => [message.type, message.seq]);
}

describe("DeskSocket", () => {
  it("subscribes once however many listen, and leaves with the last", () => {
    const first = socket.subscribe("prices");
    socket.start();
    wire().open();
    const second = socket.subscribe("prices");
    first();
    first();
    expect(wire().sent).toEqual([{ op: "subscribe", topics: ["prices"] }]);
    second();
    expect(wire().sent.at(-1)).toEqual({ op: "unsubscribe", topics: ["prices"] });
  });

  it("resumes from the last number after the line was lost", () => {
    socket.subscribe("orders");
    socket.subscribe("trades");
    socket.start();
    wire().open();
    wire().say("snapshot", "orders", 7, { items: [] });
    wire().say("delta", "orders", 8, {});
    wire().fall("restarting");
    expect(socket.link()).toEqual({ state: "reconnecting", reason: "restarting", attempt: 1 });
    vi.advanceTimersByTime(400);
    expect(wires).toHaveLength(2);
    wire().open();
    expect(wire().sent).toEqual([{ op: "subscribe", topics: ["orders", "trades"], from: { orders: 8 } }]);
    expect(socket.link().state).toBe("connected");
  });

  it("asks again at a gap, and drops repeats", () => {
    socket.subscribe("orders");
    socket.start();
    wire().open();
    wire().say("snapshot", "orders", 3, { items: [] });
    wire().say("delta", "orders", 3, {});
    wire().say("delta", "orders", 6, {});
    expect(wire().sent.slice(1)).toEqual([
      { op: "unsubscribe", topics: ["orders"] },
      { op: "subscribe", topics: ["orders"], from: { orders: 3 } },
    ]);
    wire().say("delta", "orders", 4, {});
    wire().say("delta", "orders", 5, {});
    expect(seen()).toEqual([["snapshot", 3], ["delta", 4], ["delta", 5]]);
  });

  it("takes silence for a lost line", () => {
    socket.start();
    wire().open();
    vi.advanceTimersByTime(11_000);
    wire().say("heartbeat", null);
    vi.advanceTimersByTime(11_900);
    expect(socket.link().state).toBe("connected");
    vi.advanceTimersByTime(200);
    expect(socket.link()).toMatchObject({ state: "reconnecting", reason: "no heartbeat for 12 s" });
    expect(wires[0]?.closed).toBe(true);
  });

  it("waits longer each time, then says that it is offline", () => {
    socket.start();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      wire().fall();
      const before = wires.length;
      let waited = 0;
      while (wires.length === before) {
        vi.advanceTimersByTime(100);
        waited += 100;
      }
      waits.push(waited);
    }
    expect(waits).toEqual([400, 800, 1600, 3000, 3000, 3000, 3000, 3000]);
    expect(socket.link().state).toBe("offline");
  });

  it("keeps the server's reason for saying goodbye", () => {
    socket.start();
    wire().open();
    wire().say("bye", null, 0, { reason: "client too slow" });
    expect(socket.link()).toMatchObject({ state: "reconnecting", reason: "client too slow" });
  });

  it("forgets its numbers for a new session", () => {
    socket.subscribe("orders");
    socket.start();
    wire().open();
    wire().say("snapshot", "orders", 90, { items: [] });
    socket.resubscribeAll();
    expect(wire().sent.at(-1)).toEqual({ op: "subscribe", topics: ["orders"] });
    wire().say("snapshot", "orders", 1, { items: [] });
    expect(seen()).toEqual([["snapshot", 90], ["snapshot", 1]]);
  });

  it("gives listeners every message at once and the cache a batch", () => {
    const heard: number[] = [];
    socket.subscribe("prices");
    socket.listen("prices", (message) => heard.push(message.seq));
    socket.start();
    wire().open();
    wire().say("delta", "prices", 1, {});
    wire().say("delta", "prices", 2, {});
    expect(heard).toEqual([1, 2]);
    expect(delivered).toEqual([]);
    expect(seen()).toHaveLength(2);
  });
});

describe("a session that changes", () => {
  it("opens the line anew and goes on from the last numbers", () => {
    socket.subscribe("orders");
    socket.start();
    wire().open();
    wire().say("snapshot", "orders", 4, { items: [] });
    socket.reconnect();
    expect(wires).toHaveLength(2);
    expect(wires[0]?.closed).toBe(true);
    wire().open();
    expect(wire().sent).toEqual([{ op: "subscribe", topics: ["orders"], from: { orders: 4 } }]);
  });

  it("is told of topics that were refused because nobody is known", () => {
    const codes: string[] = [];
    socket.stop();
    socket = new DeskSocket({
      connect: () => {
        const made = new TestWire();
        wires.push(made);
        return made;
      },
      deliver: () => undefined,
      refused: (code) => codes.push(code),
    });
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    socket.start();
    wire().open();
    wire().say("error", "orders", 0, { message: "sign in first", code: "unauthenticated" });
    wire().say("error", "risk", 0, { message: "not for you", code: "forbidden" });
    expect(codes).toEqual(["unauthenticated"]);
    expect(warn).toHaveBeenCalledOnce();
  });
});
