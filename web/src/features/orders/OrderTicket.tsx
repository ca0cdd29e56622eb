import { useMutation, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";

import { placeOrder } from "../../shared/api/actions";
import { freshKey } from "../../shared/api/client";
import { useLastPrice, useMarket, useWords } from "../../shared/api/hooks";
import { ProblemError, SilentDesk } from "../../shared/api/problem";
import { limitsQuery, portfolioQuery, positionsQuery } from "../../shared/api/queries";
import type { Order, OrderRequest, Side } from "../../shared/api/types";
import { useCommand, type Command } from "../../shared/lib/commands";
import { amount, quantity } from "../../shared/lib/format";
import { Button } from "../../shared/ui/Button";
import { Field } from "../../shared/ui/Field";
import { Panel } from "../../shared/ui/Panel";
import { Segmented } from "../../shared/ui/Segmented";
import { SendResult } from "./SendResult";
import { BLANK, complaintAbout, complaints, quickQuantity, requestFrom, roughNotional, type Means, type Ticket } from "./ticketForm";

const SIDES = [
  { value: "buy", text: "Buy", title: "Buy (B)" },
  { value: "sell", text: "Sell", title: "Sell (X)" },
] as const;
const TYPES = [
  { value: "market", text: "Market", title: "Fill now at the market's price" },
  { value: "limit", text: "Limit", title: "Fill at this price or better" },
] as const;
const FORCES = [
  { value: "gtc", text: "GTC", title: "Good till cancelled" },
  { value: "ioc", text: "IOC", title: "Immediate or cancel: what does not fill at once is cancelled" },
  { value: "fok", text: "FOK", title: "Fill or kill: all at once or nothing" },
] as const;

function sideLook(side: Side): string {
  return side === "buy" ? "bg-up/18 text-up shadow-[inset_0_0_0_1px_var(--color-up)]" : "bg-down/18 text-down shadow-[inset_0_0_0_1px_var(--color-down)]";
}

/** Sends one order. The key changes with the ticket's content, so a retry after silence acts once. */
function useSending(symbol: string) {
  const attempt = useRef({ content: "", key: "" });
  return useMutation({
    mutationFn: (ticket: Ticket) => {
      const order: OrderRequest = requestFrom(ticket, symbol);
      const content = JSON.stringify(order);
      if (attempt.current.content !== content) attempt.current = { content, key: freshKey() };
      return placeOrder(order, attempt.current.key);
    },
    onSettled: (_order: Order | undefined, error: Error | null) => {
      if (!(error instanceof SilentDesk)) attempt.current = { content: "", key: "" };
    },
  });
}

/** What was sent belongs to the account that it was sent for. */
function useForgetting(forget: () => void): void {
  const account = useQuery(portfolioQuery).data?.account;
  useEffect(() => forget, [account, forget]);
}

function useMeans(symbol: string, ticket: Ticket): Means {
  const cash = useQuery(portfolioQuery).data?.cash;
  const held = useQuery(positionsQuery).data?.items.find((row) => row.symbol === symbol)?.qty;
  const { price } = useLastPrice(symbol);
  const lot = useMarket(symbol)?.lot;
  const most = useQuery(limitsQuery).data?.order_max;
  const limit = ticket.type === "limit" && ticket.price !== "" ? ticket.price : null;
  return { cash, held, price: limit ?? price, lot, most };
}

interface TicketProps {
  symbol: string;
  /** Which side it opens with. */
  side?: Side;
  className?: string;
}

export function OrderTicket({ symbol, side: first = "buy", className = "" }: TicketProps) {
  const [ticket, setTicket] = useState<Ticket>({ ...BLANK, side: first });
  const [tried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  const sending = useSending(symbol);
  const means = useMeans(symbol, ticket);
  useForgetting(sending.reset);
  const change = useCallback((part: Partial<Ticket>) => {
    setTicket((old) => ({ ...old, ...part }));
  }, []);
  useCommand(useTicketCommands(form, change));
  const wrong = tried ? complaints(ticket) : {};
  const errors = sending.error instanceof ProblemError ? sending.error.fields : [];
  const about = (field: "qty" | "price") => wrong[field] ?? complaintAbout(errors, field);
  const submit = () => {
    setTried(true);
    if (Object.keys(complaints(ticket)).length > 0 || sending.isPending) return;
    sending.mutate(ticket, { onSuccess: () => { setTried(false); } });
  };
  return (
    <Panel title="Order ticket" note={symbol} className={className}>
      <form
        ref={form}
        aria-label="Order ticket"
        noValidate
        className="space-y-2.5"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Segmented label="Side" wide value={ticket.side} options={SIDES} tone={sideLook} onChange={(side) => { change({ side }); }} />
        <div className="flex gap-2">
          <Segmented label="Order type" value={ticket.type} options={TYPES} onChange={(type) => { change({ type }); }} />
          {ticket.type === "limit" && (
            <Segmented label="Time in force" value={ticket.force} options={FORCES} onChange={(force) => { change({ force }); }} />
          )}
        </div>
        {ticket.type === "limit" && <PriceField symbol={symbol} ticket={ticket} problem={about("price")} onChange={change} />}
        <QuantityField symbol={symbol} ticket={ticket} means={means} problem={about("qty")} onChange={change} />
        <Estimate symbol={symbol} ticket={ticket} last={means.price} />
        <Button type="submit" size="full" look={ticket.side} disabled={sending.isPending}>
          {sending.isPending ? "Sending…" : `${ticket.side === "buy" ? "Buy" : "Sell"} ${symbol.split("-")[0] ?? symbol}`}
        </Button>
        <SendResult order={sending.data} error={sending.error} onRetry={submit} />
      </form>
    </Panel>
  );
}

function useTicketCommands(form: React.RefObject<HTMLFormElement | null>, change: (part: Partial<Ticket>) => void) {
  return useCallback(
    (command: Command) => {
      if (command.kind === "ticket") {
        change({ side: command.side, ...(command.price === undefined ? {} : { type: "limit", price: command.price }) });
        form.current?.querySelector<HTMLInputElement>('input[name="qty"]')?.focus();
      }
      if (command.kind === "price") change({ type: "limit", price: command.price });
    },
    [form, change],
  );
}

interface FieldProps {
  symbol: string;
  ticket: Ticket;
  problem: { message: string; fix: string } | undefined;
  onChange: (part: Partial<Ticket>) => void;
}

function PriceField({ symbol, ticket, problem, onChange }: FieldProps) {
  const { quote } = useWords(symbol);
  const { price } = useLastPrice(symbol);
  return (
    <Field
      label="Limit price"
      name="price"
      unit={quote}
      inputMode="decimal"
      value={ticket.price}
      problem={problem}
      placeholder={price ?? ""}
      aside={
        price !== null && (
          <button type="button" className="text-accent hover:underline" onClick={() => { onChange({ price }); }}>
            use last
          </button>
        )
      }
      onChange={(event) => {
        onChange({ price: event.currentTarget.value.replace(",", ".") });
      }}
    />
  );
}

function QuantityField({ symbol, ticket, means, problem, onChange }: FieldProps & { means: Means }) {
  const { base, quote } = useWords(symbol);
  const have = ticket.side === "buy" ? `${amount(means.cash)} ${quote}` : `${quantity(means.held ?? "0")} ${base}`;
  return (
    <div>
      <Field
        label="Quantity"
        name="qty"
        unit={base}
        inputMode="decimal"
        value={ticket.qty}
        problem={problem}
        placeholder="0"
        aside={<>available {have}</>}
        onChange={(event) => {
          onChange({ qty: event.currentTarget.value.replace(",", ".") });
        }}
      />
      <div className="mt-1 flex gap-1" role="group" aria-label="Estimated quantity, rounded down to the lot">
        {[25, 50, 75, 100].map((percent) => {
          const qty = quickQuantity(ticket.side, percent, means);
          return (
            <Button
              key={percent}
              size="tiny"
              className="flex-1"
              disabled={qty === null}
              title={qty === null ? "Nothing to estimate from" : `≈ ${qty} ${base}, an estimate rounded down to the lot`}
              onClick={() => {
                if (qty !== null) onChange({ qty });
              }}
            >
              {percent} %
            </Button>
          );
        })}
      </div>
    </div>
  );
}

function Estimate({ symbol, ticket, last }: { symbol: string; ticket: Ticket; last: string | null }) {
  const { quote } = useWords(symbol);
  const minimum = useMarket(symbol)?.min_notional;
  const rough = roughNotional(ticket, last);
  return (
    <p className="flex justify-between text-2xs text-dim">
      <span title="Quantity times price, before fee and slippage; the desk decides the real amount">
        About <span className="text-ink">{rough === null ? "–" : `≈ ${amount(rough)} ${quote}`}</span>
      </span>
      {minimum !== undefined && <span>least {amount(minimum, 0)} {quote}</span>}
    </p>
  );
}
