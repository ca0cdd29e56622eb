import { createContext, useContext, useEffect, useSyncExternalStore } from "react";

export interface StreamMessage {
  type: "snapshot" | "delta";
  topic: string;
  seq: number;
  ts: string;
  data: unknown;
}

export type LinkState = "connecting" | "connected" | "reconnecting" | "offline";

export interface Link {
  state: LinkState;
  /** Why the last connection ended, in the server's or the browser's words. */
  reason: string | null;
  attempt: number;
}

/** What a feature may ask of the one socket; app/socket.ts answers. */
export interface Stream {
  /** Counts subscribers: the topic is dropped when the last one leaves. */
  subscribe: (topic: string) => () => void;
  /** Hears every message of a topic before it is merged into the cache. */
  listen: (topic: string, listener: (message: StreamMessage) => void) => () => void;
  watchLink: (listener: () => void) => () => void;
  link: () => Link;
}

export const StreamContext = createContext<Stream | null>(null);

export function useStream(): Stream {
  const stream = useContext(StreamContext);
  if (stream === null) throw new Error("StreamContext is missing above this component");
  return stream;
}

/** Keeps a topic flowing into the cache while the component is mounted. */
export function useTopic(topic: string): void {
  const stream = useStream();
  useEffect(() => stream.subscribe(topic), [stream, topic]);
}

export function useLink(): Link {
  const stream = useStream();
  return useSyncExternalStore(stream.watchLink, stream.link);
}
