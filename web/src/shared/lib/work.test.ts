import { webcrypto } from "node:crypto";

import { beforeAll, describe, expect, it, vi } from "vitest";

import { utf8 } from "./bytes";
import { solve } from "./proofOfWork";
import { findNumber, zeroBits } from "./work";

beforeAll(() => {
  vi.stubGlobal("crypto", webcrypto);
});

describe("proof of work", () => {
  it("counts zero bits across bytes", () => {
    expect(zeroBits(Uint8Array.of(0x80))).toBe(0);
    expect(zeroBits(Uint8Array.of(0, 0x1f))).toBe(11);
    expect(zeroBits(Uint8Array.of(0, 0))).toBe(16);
  });

  it("finds the first number that is good enough, and no lesser one", async () => {
    const salt = "6f1d9c0b54ae4c3f9d7b8a2e1c0f5d6a.10.1763723200";
    const number = await findNumber(salt, 10);
    const bits = async (one: number) => zeroBits(new Uint8Array(await webcrypto.subtle.digest("SHA-256", utf8(`${salt}:${one}`))));
    expect(await bits(number)).toBeGreaterThanOrEqual(10);
    for (let lesser = 0; lesser < number; lesser += 1) expect(await bits(lesser)).toBeLessThan(10);
  });

  it("answers with the challenge's signature and dismisses the worker", async () => {
    const terminate = vi.fn();
    const worker: Partial<Worker> & { terminate: () => void } = { terminate, onmessage: null };
    worker.postMessage = ({ salt, difficulty }: { salt: string; difficulty: number }) => {
      void findNumber(salt, difficulty).then((number) => { worker.onmessage?.call(worker as Worker, new MessageEvent("message", { data: number })); });
    };
    const done = await solve({ salt: "s", difficulty: 4, signature: "sig" }, () => worker as Worker);
    expect(done).toMatchObject({ salt: "s", signature: "sig" });
    expect(done.number).toBe(await findNumber("s", 4));
    expect(terminate).toHaveBeenCalledOnce();
  });

  it("says so when there can be no worker", async () => {
    const worker: Partial<Worker> & { terminate: () => void } = { terminate: vi.fn(), onerror: null };
    worker.postMessage = () => { worker.onerror?.call(worker as Worker, new ErrorEvent("error")); };
    await expect(solve({ salt: "s", difficulty: 4, signature: "sig" }, () => worker as Worker)).rejects.toThrow(/proof of work/);
  });
});
