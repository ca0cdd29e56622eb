import { decimalText, fixedText, multiply, parseDecimal } from "./decimal";
import type { DecimalString } from "../api/types";

export const NOTHING = "–";
const MINUS = "\u2212";

function grouped(plain: string): string {
  const [whole = "", fraction] = plain.replace("-", "").split(".");
  const spaced = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const shown = fraction === undefined ? spaced : `${spaced}.${fraction}`;
  return plain.startsWith("-") ? `${MINUS}${shown}` : shown;
}

/** How many decimals a tick or lot has: "0.0100" has two. */
export function placesOf(step: DecimalString | undefined, otherwise = 2): number {
  if (step === undefined) return otherwise;
  const [, fraction = ""] = step.split(".");
  return fraction.replace(/0+$/, "").length;
}

/** Grouped digits with fixed places; exact however long the number is. */
export function amount(value: DecimalString | null | undefined, places = 2): string {
  if (value === null || value === undefined) return NOTHING;
  const decimal = parseDecimal(value);
  return decimal === null ? value : grouped(fixedText(decimal, places));
}

/** As `amount`, with a sign that also marks gains. */
export function signed(value: DecimalString | null | undefined, places = 2): string {
  const shown = amount(value, places);
  return direction(value) > 0 && !isZeroText(shown) ? `+${shown}` : shown;
}

function isZeroText(shown: string): boolean {
  return !/[1-9]/.test(shown);
}

export function percent(value: DecimalString | null | undefined, places = 2): string {
  return value === null || value === undefined ? NOTHING : `${signed(value, places)} %`;
}

/** A fraction as the server writes it, "0.05", in the words of a person: "5 %". */
export function percentOf(fraction: DecimalString): string {
  const decimal = parseDecimal(fraction);
  return decimal === null ? fraction : `${decimalText(multiply(decimal, { units: 100n, scale: 0 }))} %`;
}

/** A quantity without trailing zeros, at least `least` decimals. */
export function quantity(value: DecimalString | null | undefined, least = 0): string {
  if (value === null || value === undefined) return NOTHING;
  const decimal = parseDecimal(value);
  if (decimal === null) return value;
  const full = fixedText(decimal, decimal.scale);
  const places = Math.max(least, placesOf(full, 0));
  return grouped(fixedText(decimal, places));
}

/** 1, -1 or 0: which way a value points, for colour and arrows. */
export function direction(value: DecimalString | null | undefined): -1 | 0 | 1 {
  const decimal = value === null || value === undefined ? null : parseDecimal(value);
  if (decimal === null || decimal.units === 0n) return 0;
  return decimal.units < 0n ? -1 : 1;
}

/** A decimal as a float, for pictures only (bar widths, chart coordinates). */
export function forPicture(value: DecimalString | null | undefined): number {
  return value === null || value === undefined ? 0 : Number(value);
}

/** How much of `whole` is used, 0..1, for a bar's width. */
export function fraction(used: DecimalString, whole: DecimalString): number {
  const limit = forPicture(whole);
  return limit <= 0 ? 0 : Math.min(1, Math.max(0, forPicture(used) / limit));
}

/** A plain number (indicator values) with fixed places and grouping. */
export function plain(value: number | null | undefined, places = 2): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  return grouped(value.toFixed(places));
}

const STEPS = [
  [1e12, "T"],
  [1e9, "B"],
  [1e6, "M"],
  [1e3, "K"],
] as const;

/** 12,345,678 → 12.35M: for volumes, where the size matters more than the digits. */
export function compact(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NOTHING;
  const size = Math.abs(value);
  const step = STEPS.find(([limit]) => size >= limit);
  return step === undefined ? plain(value) : `${plain(value / step[0])}${step[1]}`;
}

export function compactDecimal(value: DecimalString | null | undefined): string {
  return value === null || value === undefined ? NOTHING : compact(Number(value));
}

/** Colour class of a gain, a loss or neither. */
export function tone(value: DecimalString | null | undefined): string {
  const way = direction(value);
  if (way === 0) return "text-ink";
  return way > 0 ? "text-up" : "text-down";
}
