import { useSyncExternalStore } from "react";

import type { Feed } from "../api/types";

/**
 * The desk's clock as seen from here. The feed and every price tell the time; between two tellings
 * we let it run at the feed's speed, but not far: a fast replay may be slower than it was asked to be.
 */
const LONGEST_SILENCE_MS = 6000;
const FURTHEST_AHEAD_MS = 60_000;

interface Heard {
  clock: number;
  at: number;
  speed: number;
  running: boolean;
}

let heard: Heard | null = null;

export function hearClock(feed: Feed, now: number = performance.now()): void {
  heard = {
    clock: Date.parse(feed.clock),
    at: now,
    speed: feed.speed,
    running: !feed.paused && !feed.ended,
  };
}

/** A price tells the time too. */
export function hearInstant(at: string, now: number = performance.now()): void {
  const clock = Date.parse(at);
  if (heard !== null && clock > heard.clock) heard = { ...heard, clock, at: now };
}

export function deskNow(now: number = performance.now()): number {
  if (heard === null) return Date.now();
  if (!heard.running) return heard.clock;
  const ahead = Math.min(now - heard.at, LONGEST_SILENCE_MS) * heard.speed;
  return heard.clock + Math.min(ahead, FURTHEST_AHEAD_MS);
}

const SECOND = 1000;
const beats = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function listen(listener: () => void): () => void {
  beats.add(listener);
  timer ??= setInterval(() => {
    beats.forEach((beat) => {
      beat();
    });
  }, SECOND / 2);
  return () => {
    beats.delete(listener);
    if (beats.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

// One shared beat, and a value that only changes once a second, keep ages from re-rendering the page.
function wholeSecond(): number {
  return Math.floor(deskNow() / SECOND) * SECOND;
}

/** Desk time in milliseconds, renewed at most twice a second. */
export function useDeskNow(): number {
  return useSyncExternalStore(listen, wholeSecond);
}
