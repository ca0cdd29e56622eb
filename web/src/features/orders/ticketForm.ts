import { compareDecimals, decimalText, estimateQuantity, isPositive, multiply, parseDecimal, shareOf, type Decimal } from "../../shared/lib/decimal";
import type { OrderRequest, Side } from "../../shared/api/types";
import type { FieldError } from "../../shared/api/problem";

export interface Ticket {
  side: Side;
  type: OrderRequest["type"];
  qty: string;
  price: string;
  force: NonNullable<OrderRequest["time_in_force"]>;
}

export const BLANK: Ticket = { side: "buy", type: "market", qty: "", price: "", force: "gtc" };

export type Complaints = Partial<Record<"qty" | "price", { message: string; fix: string }>>;

/** Only what no server needs to be asked: an empty or unreadable number. All else is its decision. */
export function complaints(ticket: Ticket): Complaints {
  const found: Complaints = {};
  const qty = parseDecimal(ticket.qty);
  if (qty === null || !isPositive(qty)) found.qty = { message: "Enter a quantity above zero.", fix: "" };
  if (ticket.type === "limit") {
    const price = parseDecimal(ticket.price);
    if (price === null || !isPositive(price)) found.price = { message: "A limit order needs a price above zero.", fix: "" };
  }
  return found;
}

export function requestFrom(ticket: Ticket, symbol: string): OrderRequest {
  const order: OrderRequest = { symbol, side: ticket.side, type: ticket.type, qty: ticket.qty.trim() };
  if (ticket.type === "limit") {
    order.price = ticket.price.trim();
    order.time_in_force = ticket.force;
  }
  return order;
}

/** The server's complaint about one field, if it had any. */
export function complaintAbout(errors: readonly FieldError[], field: string): { message: string; fix: string } | undefined {
  const error = errors.find((entry) => entry.field === field || entry.field.endsWith(`.${field}`));
  return error === undefined ? undefined : { message: error.message, fix: error.fix };
}

const SPENDABLE: Decimal = { units: 985n, scale: 3 };

export interface Means {
  cash: string | undefined;
  held: string | undefined;
  price: string | null;
  lot: string | undefined;
  /** The largest order that Guardian lets pass. */
  most: string | undefined;
}

/**
 * A rounded-down estimate for the quick fractions: of the cash when buying, of the holding when
 * selling; a purchase also stays under the largest order. The desk knows the exact fee and slippage and
 * judges a market order by its worst price; a little stays aside for them here, so that "100 %" is
 * an order that has a chance.
 */
export function quickQuantity(side: Side, percent: number, means: Means): string | null {
  const lot = parseDecimal(means.lot ?? "");
  if (lot === null || !isPositive(lot)) return null;
  return side === "sell" ? shareOfHolding(percent, means, lot) : shareOfCash(percent, means, lot);
}

function shareOfHolding(percent: number, means: Means, lot: Decimal): string | null {
  const held = parseDecimal(means.held ?? "");
  return held === null || !isPositive(held) ? null : decimalText(shareOf(held, percent, lot));
}

function smaller(a: Decimal, b: Decimal | null): Decimal {
  return b !== null && compareDecimals(b, a) < 0 ? b : a;
}

function largest({ most, price }: Means, lot: Decimal): Decimal | null {
  const limit = parseDecimal(most ?? "");
  const last = parseDecimal(price ?? "");
  return limit === null || last === null ? null : estimateQuantity(multiply(limit, SPENDABLE), 100, last, lot);
}

function shareOfCash(percent: number, means: Means, lot: Decimal): string | null {
  const cash = parseDecimal(means.cash ?? "");
  const price = parseDecimal(means.price ?? "");
  if (cash === null || price === null) return null;
  const estimate = estimateQuantity(multiply(cash, SPENDABLE), percent, price, lot);
  return estimate === null ? null : decimalText(smaller(estimate, largest(means, lot)));
}

/** About what the order would cost or bring: for the eye, marked with ≈. */
export function roughNotional(ticket: Ticket, last: string | null): string | null {
  const qty = parseDecimal(ticket.qty);
  const price = parseDecimal(ticket.type === "limit" ? ticket.price : (last ?? ""));
  return qty === null || price === null ? null : decimalText(multiply(qty, price));
}
