import { utf8 } from "./bytes";

/** Hashcash: the first number whose SHA-256 of `salt:number` begins with enough zero bits. */
const BATCH = 128;

export function zeroBits(digest: Uint8Array): number {
  let bits = 0;
  for (const byte of digest) {
    if (byte !== 0) return bits + Math.clz32(byte) - 24;
    bits += 8;
  }
  return bits;
}

export async function findNumber(salt: string, difficulty: number): Promise<number> {
  for (let first = 0; ; first += BATCH) {
    // Many at once: the time goes into asking for a digest, not into making it.
    const numbers = Array.from({ length: BATCH }, (_, at) => first + at);
    const digests = await Promise.all(numbers.map((number) => crypto.subtle.digest("SHA-256", utf8(`${salt}:${number}`))));
    const hit = digests.findIndex((digest) => zeroBits(new Uint8Array(digest)) >= difficulty);
    if (hit !== -1) return first + hit;
  }
}
