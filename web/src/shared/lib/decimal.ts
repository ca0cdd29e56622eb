/**
 * Exact decimals for the few sums that a page may do by itself: comparing an alert with a price and
 * *estimating* a quantity for the ticket. The server decides every amount that counts.
 */
export interface Decimal {
  units: bigint;
  scale: number;
}

const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/;

function power(exponent: number): bigint {
  return 10n ** BigInt(exponent);
}

/** Reads a decimal, or null when the text is not one. */
export function parseDecimal(raw: string): Decimal | null {
  const match = SHAPE.exec(raw.trim());
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return null;
  const units = BigInt(`${whole}${fraction}` || "0");
  const scale = fraction.length - Number(exponent);
  const signed = sign === "-" ? -units : units;
  return scale >= 0 ? { units: signed, scale } : { units: signed * power(-scale), scale: 0 };
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * power(scale - a.scale), b.units * power(scale - b.scale), scale];
}

function floorDivide(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

export function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const [left, right] = aligned(a, b);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

export function isPositive(value: Decimal): boolean {
  return value.units > 0n;
}

/** Rounds toward minus infinity to a multiple of `step`. */
export function floorToStep(value: Decimal, step: Decimal): Decimal {
  const [units, grid, scale] = aligned(value, step);
  if (grid <= 0n) return value;
  return { units: floorDivide(units, grid) * grid, scale };
}

/** `amount × percent / 100 / price`, rounded down to `lot`: an estimate, never a settlement. */
export function estimateQuantity(amount: Decimal, percent: number, price: Decimal, lot: Decimal): Decimal | null {
  if (price.units <= 0n || lot.units <= 0n || amount.units < 0n) return null;
  const wanted = amount.units * BigInt(Math.trunc(percent)) * power(price.scale + lot.scale);
  const lots = floorDivide(wanted, 100n * price.units * lot.units * power(amount.scale));
  return { units: lots * lot.units, scale: lot.scale };
}

/** `quantity × percent / 100`, rounded down to `lot`. */
export function shareOf(quantity: Decimal, percent: number, lot: Decimal): Decimal {
  const part: Decimal = { units: quantity.units * BigInt(Math.trunc(percent)), scale: quantity.scale + 2 };
  return floorToStep(part, lot);
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { units: a.units * b.units, scale: a.scale + b.scale };
}

/** Plain notation without trailing zeros. */
export function decimalText(value: Decimal): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, "0");
  const whole = digits.slice(0, digits.length - value.scale);
  const fraction = value.scale === 0 ? "" : digits.slice(digits.length - value.scale).replace(/0+$/, "");
  return `${negative ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

/** Fixed places, half away from zero: for showing only. */
export function fixedText(value: Decimal, places: number): string {
  let units = value.units;
  if (value.scale > places) {
    const cut = power(value.scale - places);
    const half = cut / 2n;
    units = units < 0n ? (units - half) / cut : (units + half) / cut;
  } else {
    units *= power(places - value.scale);
  }
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  const fraction = places === 0 ? "" : `.${digits.slice(digits.length - places)}`;
  return `${negative ? "-" : ""}${whole}${fraction}`;
}
