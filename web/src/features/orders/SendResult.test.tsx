import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { describe, expect, it } from "vitest";

import { problemFrom, SilentDesk } from "../../shared/api/problem";
import { marketsQuery } from "../../shared/api/queries";
import type { Order } from "../../shared/api/types";
import { SendResult } from "./SendResult";

const ORDER: Order = {
  id: "o1",
  symbol: "ETH-USDT",
  side: "buy",
  type: "market",
  qty: "1.50000",
  price: "2437.02",
  time_in_force: "gtc",
  state: "working",
  filled: "0",
  average_price: "2437.02",
  fees: "0",
  origin: "manual",
  signal_id: null,
  reason: null,
  venue: "paper",
  created_at: "2025-01-01T00:00:00Z",
  updated_at: "2025-01-01T00:00:00Z",
  version: 1,
};

function show(node: ReactNode): QueryClient {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Infinity } } });
  client.setQueryData(marketsQuery.queryKey, { items: [], next: null });
  render(<QueryClientProvider client={client}>{node}</QueryClientProvider>);
  return client;
}

function refusal(body: unknown): Error {
  return problemFrom(body, new Response(null, { status: 422, statusText: "Unprocessable" }));
}

const nothing = () => undefined;

describe("SendResult", () => {
  it("confirms what was sent and follows it", async () => {
    const client = show(<SendResult order={ORDER} error={null} onRetry={nothing} />);
    expect(screen.getByRole("status")).toHaveTextContent("Sent: buy 1.5 ETH at market");
    expect(screen.getByText("working")).toBeInTheDocument();
    client.setQueryData(["order", "o1"], { ...ORDER, state: "filled", filled: "1.5", average_price: "2500.1", version: 2 });
    expect(await screen.findByText("filled")).toBeInTheDocument();
    expect(screen.getByRole("status")).toHaveTextContent("at 2,500.10 USDT");
  });

  it("names the rule that refused", () => {
    const error = refusal({ title: "Refused", code: "risk_refused", detail: "107,000 of at most 25,000 USDT", rule: "order_size", receipt_id: "r1", errors: [] });
    show(<SendResult order={undefined} error={error} onRetry={nothing} />);
    const alert = screen.getByRole("alert");
    expect(alert).toHaveTextContent("Refused by Guardian");
    expect(alert).toHaveTextContent("order_size");
    expect(alert).toHaveTextContent("107,000 of at most 25,000 USDT");
    expect(alert).toHaveTextContent("Receipt r1");
  });

  it("shows the fix of what has no field in the ticket, and does not repeat the others", () => {
    const errors = [
      { field: "symbol", message: "unknown", fix: "Use ETH-USDT." },
      { field: "qty", message: "below the lot", fix: "Use 0.0001." },
    ];
    const error = refusal({ title: "Not accepted", code: "invalid", detail: "no", errors });
    show(<SendResult order={undefined} error={error} onRetry={nothing} />);
    expect(screen.getByRole("alert")).toHaveTextContent("symbol: unknown Use ETH-USDT.");
    expect(screen.getByRole("alert")).not.toHaveTextContent("below the lot");
  });

  it("outlives a reset of everything that was read", async () => {
    const client = show(<SendResult order={ORDER} error={null} onRetry={nothing} />);
    client.setQueryData(["order", "o1"], { ...ORDER, state: "filled", version: 2 });
    expect(await screen.findByText("filled")).toBeVisible();
    await client.resetQueries({ queryKey: ["order"] });
    expect(await screen.findByText("working")).toBeVisible();
  });

  it("offers a safe retry after silence", async () => {
    let retried = 0;
    show(<SendResult order={undefined} error={new SilentDesk("no line")} onRetry={() => { retried += 1; }} />);
    await userEvent.click(screen.getByRole("button", { name: /try again/i }));
    expect(retried).toBe(1);
  });

  it("reads answers that are no problem document", () => {
    show(<SendResult order={undefined} error={refusal("<html>")} onRetry={nothing} />);
    expect(screen.getByRole("alert")).toHaveTextContent("Unprocessable");
  });
});
