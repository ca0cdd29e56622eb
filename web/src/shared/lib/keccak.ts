import { hex, utf8 } from "./bytes";

/**
 * Keccak-256 as Ethereum uses it (the padding of before FIPS 202). Only for the capitals in an
 * address: sixteen bytes an hour, so plain and readable beats fast.
 */
const RATE = 136;
const LANE = (1n << 64n) - 1n;

function rotate(lane: bigint, by: bigint): bigint {
  return ((lane << by) | (lane >> (64n - by))) & LANE;
}

/** One round's constant at a time, from the linear feedback shift register of the standard. */
function* constants(): Generator<bigint> {
  let register = 1;
  for (let round = 0; round < 24; round += 1) {
    let constant = 0n;
    for (let bit = 0; bit < 7; bit += 1) {
      if ((register & 1) === 1) constant |= 1n << BigInt((1 << bit) - 1);
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
    yield constant;
  }
}

function permute(state: bigint[]): void {
  const lane = (at: number) => state[at] ?? 0n;
  for (const constant of constants()) {
    const columns = [0, 1, 2, 3, 4].map((x) => lane(x) ^ lane(x + 5) ^ lane(x + 10) ^ lane(x + 15) ^ lane(x + 20));
    const column = (x: number) => columns[x % 5] ?? 0n;
    for (let at = 0; at < 25; at += 1) state[at] = lane(at) ^ column((at % 5) + 4) ^ rotate(column((at % 5) + 1), 1n);
    let [x, y, moving] = [1, 0, lane(1)];
    for (let step = 0; step < 24; step += 1) {
      [x, y] = [y, (2 * x + 3 * y) % 5];
      const next = lane(x + 5 * y);
      state[x + 5 * y] = rotate(moving, BigInt((((step + 1) * (step + 2)) / 2) % 64));
      moving = next;
    }
    for (let row = 0; row < 25; row += 5) {
      const old = [0, 1, 2, 3, 4].map((at) => lane(row + at));
      const of = (at: number) => old[at % 5] ?? 0n;
      for (let at = 0; at < 5; at += 1) state[row + at] = of(at) ^ (~of(at + 1) & LANE & of(at + 2));
    }
    state[0] = lane(0) ^ constant;
  }
}

export function keccak256(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(data.length / RATE) + 1) * RATE);
  padded.set(data);
  padded[data.length] = 1;
  padded[padded.length - 1] = (padded[padded.length - 1] ?? 0) | 0x80;
  const view = new DataView(padded.buffer);
  const state = Array<bigint>(25).fill(0n);
  for (let block = 0; block < padded.length; block += RATE) {
    for (let at = 0; at < RATE / 8; at += 1) state[at] = (state[at] ?? 0n) ^ view.getBigUint64(block + at * 8, true);
    permute(state);
  }
  const digest = new DataView(new ArrayBuffer(32));
  for (let at = 0; at < 4; at += 1) digest.setBigUint64(at * 8, state[at] ?? 0n, true);
  return new Uint8Array(digest.buffer);
}

/** An address with the capitals of EIP-55, which EIP-4361 asks for. */
export function checksummed(address: string): string {
  const plain = address.replace(/^0x/, "").toLowerCase();
  const digest = hex(keccak256(utf8(plain)));
  const letters = Array.from(plain, (char, at) => ((digest[at] ?? "0") >= "8" ? char.toUpperCase() : char));
  return `0x${letters.join("")}`;
}
