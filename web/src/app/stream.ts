import { notifyManager, type QueryClient } from "@tanstack/react-query";

import type { Stream, StreamMessage } from "../shared/api/live";
import { hasSession } from "../shared/api/sessionState";
import { refreshSession } from "../shared/api/transport";
import type { Feed, Portfolio } from "../shared/api/types";
import { refetchBehind, writeBatch } from "./cache";
import { browserWire, DeskSocket } from "./socket";

/** Always wanted, whoever looks and whatever is on the screen: badges and prices. */
const ALWAYS = ["feed", "prices", "patterns"];

/** Wanted by whoever may have them, and the scope that they need. */
export const OWN_TOPICS = [
  ["signals", "signals:read"],
  ["orders", "orders:read"],
  ["trades", "orders:read"],
  ["positions", "portfolio:read"],
  ["portfolio", "portfolio:read"],
  ["risk", "risk:read"],
] as const;

/** What belongs to one paper account. */
const OF_ACCOUNT = new Set<unknown>(["orders", "order", "trades", "positions", "equity", "limits", "judgements"]);

function latest(messages: StreamMessage[], topic: string): unknown {
  return messages.findLast((message) => message.topic === topic)?.data;
}

function newSession(messages: StreamMessage[], known: string | null): string | null {
  const feed = latest(messages, "feed") as Feed | undefined;
  return feed !== undefined && feed.session !== known ? feed.session : null;
}

/** Tells whether an account was replaced by another: a reset, perhaps from another window. */
function accountWatch(): (messages: StreamMessage[]) => boolean {
  let account: string | null = null;
  return (messages) => {
    const seen = (latest(messages, "portfolio") as Portfolio | undefined)?.account ?? account;
    const replaced = account !== null && seen !== account;
    account = seen;
    return replaced;
  };
}

/** Joins the socket to the cache, and starts afresh when the feed begins another session. */
export function startStream(client: QueryClient): DeskSocket {
  let session: string | null = null;
  const accountReplaced = accountWatch();
  const snapshots = new Set<string>();

  function deliver(messages: StreamMessage[]): void {
    const begun = newSession(messages, session);
    const seek = begun !== null && session !== null;
    session = begun ?? session;
    if (seek) {
      // Another session has another past and another account: nothing that is shown holds any more.
      snapshots.clear();
      socket.resubscribeAll();
      void client.resetQueries({ predicate: (query) => query.queryKey[0] !== "feed" });
    }
    notifyManager.batch(() => {
      writeBatch(client, seek ? messages.filter((message) => message.topic === "feed") : messages);
    });
    if (accountReplaced(messages) && !seek) {
      void client.resetQueries({ predicate: (query) => OF_ACCOUNT.has(query.queryKey[0]) });
    }
    for (const message of messages) {
      if (message.type !== "snapshot") continue;
      if (snapshots.has(message.topic)) refetchBehind(client, message.topic);
      snapshots.add(message.topic);
    }
  }

  // A line opened with an access token that has run out hears nothing of one's own: a new token, a new line.
  const refused = (_code: string, openedAt: number) => {
    if (hasSession()) void refreshSession(openedAt);
  };
  const socket = new DeskSocket({ connect: browserWire, deliver, refused });
  for (const topic of ALWAYS) socket.subscribe(topic);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") socket.retryNow();
  });
  window.addEventListener("online", () => {
    socket.retryNow();
  });
  socket.start();
  return socket;
}

/** What the app, and only the app, may ask of the stream besides. */
export type SessionSocket = Pick<DeskSocket, "reconnect"> & Stream;
