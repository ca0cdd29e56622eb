import type { Timeframe } from "../api/types";

const SECONDS: Record<Timeframe, number> = {
  "1m": 60,
  "5m": 300,
  "15m": 900,
  "1h": 3600,
  "4h": 14_400,
  "1d": 86_400,
};

export function timeframeSeconds(timeframe: Timeframe): number {
  return SECONDS[timeframe];
}

/** Seconds since 1970, as the chart counts. */
export function epochSeconds(iso: string): number {
  return Math.floor(Date.parse(iso) / 1000);
}

/** The opening second of the bar that contains `seconds`. */
export function barStart(seconds: number, timeframe: Timeframe): number {
  const length = SECONDS[timeframe];
  return seconds - (seconds % length);
}

function two(value: number): string {
  return value.toString().padStart(2, "0");
}

/** 2025-06-30, in UTC as all desk times are. */
export function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

export function clockText(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

/** Short stamp for tables: 06-30 14:05:09. */
export function stamp(iso: string | null): string {
  if (iso === null) return "–";
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return `${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())} ${at.toISOString().slice(11, 19)}`;
}

export function fullStamp(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

const UNITS = [
  [86_400, "d"],
  [3600, "h"],
  [60, "m"],
] as const;

/** 95 → "1m 35s": two units at most, so that it fits beside a number. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  for (const [index, [length, unit]] of UNITS.entries()) {
    if (whole < length) continue;
    const major = Math.floor(whole / length);
    const next = UNITS[index + 1] ?? ([1, "s"] as const);
    const minor = Math.floor((whole % length) / next[0]);
    return minor === 0 ? `${major}${unit}` : `${major}${unit} ${minor}${next[1]}`;
  }
  return `${whole}s`;
}

/** Age of `iso` against a clock in milliseconds. */
export function ageText(iso: string | null, now: number): string {
  if (iso === null) return "never";
  const seconds = (now - Date.parse(iso)) / 1000;
  return seconds < 1 ? "now" : `${spanText(seconds)} ago`;
}

/** Value of an <input type="datetime-local"> read as UTC; null when it is not a time. */
export function utcFromInput(value: string): string | null {
  const at = new Date(`${value}${value.length === 16 ? ":00" : ""}Z`);
  return Number.isNaN(at.getTime()) ? null : at.toISOString().replace(".000Z", "Z");
}

export function inputFromMs(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16);
}
