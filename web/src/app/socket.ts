import type { Link, Stream, StreamMessage } from "../shared/api/live";

/** The part of a WebSocket that we use: a test puts its own in place. */
export interface Wire {
  readyState: number;
  send: (text: string) => void;
  close: () => void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export interface SocketOptions {
  connect: () => Wire;
  /** Receives messages in order, a batch at a time. */
  deliver: (messages: StreamMessage[]) => void;
  /** Hears that a topic was refused, with the code, and when the line was opened that asked for it. */
  refused?: (code: string, openedAt: number) => void;
  random?: () => number;
}

interface Incoming {
  type: "snapshot" | "delta" | "heartbeat" | "error" | "bye";
  topic: string | null;
  seq: number;
  ts: string;
  data: unknown;
}

const OPEN = 1;
const SILENCE_MS = 12_000;
const FIRST_WAIT_MS = 400;
// The desk is on this machine: knocking every few seconds costs nothing, and it is back at once.
const LONGEST_WAIT_MS = 3_000;
// What the desk says when it does not (any more) know who is listening.
const SESSION_CODES = /^(unauthenticated|token_|session_)/;
const OFFLINE_AFTER = 4;
// Messages are handed on in batches, at most this often: the page renders no faster than a person sees.
const BATCH_MS = 90;

type Listener = (message: StreamMessage) => void;

/** The page's one socket: counts subscribers, resumes where it stopped, notices gaps and silence. */
export class DeskSocket implements Stream {
  private readonly options: SocketOptions;
  private readonly topics = new Map<string, { users: number; seq: number | null }>();
  private readonly listeners = new Map<string, Set<Listener>>();
  private readonly linkWatchers = new Set<() => void>();
  private current: Link = { state: "connecting", reason: null, attempt: 0 };
  private wire: Wire | null = null;
  private batch: StreamMessage[] = [];
  private batchTimer: ReturnType<typeof setTimeout> | undefined;
  private silenceTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private stopped = true;
  private openedAt = 0;

  constructor(options: SocketOptions) {
    this.options = options;
  }

  start(): void {
    if (!this.stopped) return;
    this.stopped = false;
    this.open();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    clearTimeout(this.batchTimer);
    this.batchTimer = undefined;
    this.drop();
  }

  /** Skips the rest of a back-off wait: the window came back into view, or the trader asked. */
  retryNow(): void {
    if (this.stopped || this.wire !== null) return;
    clearTimeout(this.retryTimer);
    this.open();
  }

  /** Opens the line anew, with the session as it is now; topics go on where they were. */
  reconnect(): void {
    if (this.stopped) return;
    clearTimeout(this.retryTimer);
    clearTimeout(this.silenceTimer);
    this.drop();
    this.open();
  }

  /** Forgets every position: a new feed session counts its topics anew. */
  resubscribeAll(): void {
    for (const state of this.topics.values()) state.seq = null;
    this.again([...this.topics.keys()]);
  }

  readonly subscribe = (topic: string): (() => void) => {
    const state = this.topics.get(topic) ?? { users: 0, seq: null };
    state.users += 1;
    this.topics.set(topic, state);
    if (state.users === 1) this.send("subscribe", [topic]);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      state.users -= 1;
      if (state.users > 0) return;
      this.topics.delete(topic);
      this.send("unsubscribe", [topic]);
    };
  };

  readonly listen = (topic: string, listener: Listener): (() => void) => {
    const group = this.listeners.get(topic) ?? new Set<Listener>();
    this.listeners.set(topic, group.add(listener));
    return () => group.delete(listener);
  };

  readonly watchLink = (watcher: () => void): (() => void) => {
    this.linkWatchers.add(watcher);
    return () => this.linkWatchers.delete(watcher);
  };

  readonly link = (): Link => this.current;

  private open(): void {
    const wire = this.options.connect();
    this.wire = wire;
    this.openedAt = Date.now();
    wire.onopen = () => {
      this.setLink({ state: "connected", reason: null, attempt: 0 });
      this.send("subscribe", [...this.topics.keys()]);
    };
    wire.onmessage = (event) => {
      this.hearSomething();
      if (typeof event.data === "string") this.receive(JSON.parse(event.data) as Incoming);
    };
    wire.onclose = (event) => {
      if (this.wire === wire) this.lost(event.reason === "" ? (this.current.reason ?? "connection closed") : event.reason);
    };
    this.hearSomething();
  }

  private hearSomething(): void {
    clearTimeout(this.silenceTimer);
    this.silenceTimer = setTimeout(() => {
      this.lost("no heartbeat for 12 s");
    }, SILENCE_MS);
  }

  private drop(): void {
    const wire = this.wire;
    this.wire = null;
    if (wire === null) return;
    wire.onopen = wire.onmessage = wire.onclose = null;
    wire.close();
  }

  private lost(reason: string): void {
    clearTimeout(this.silenceTimer);
    this.drop();
    if (this.stopped) return;
    const attempt = this.current.attempt + 1;
    const state = attempt > OFFLINE_AFTER ? "offline" : "reconnecting";
    this.setLink({ state, reason, attempt });
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (attempt - 1));
    // Jitter keeps many pages from knocking at the same instant after the desk restarts.
    const wait = ceiling / 2 + ((this.options.random ?? Math.random)() * ceiling) / 2;
    this.retryTimer = setTimeout(() => {
      this.open();
    }, wait);
  }

  private setLink(link: Link): void {
    this.current = link;
    this.linkWatchers.forEach((watcher) => {
      watcher();
    });
  }

  private send(op: "subscribe" | "unsubscribe", topics: string[]): void {
    if (topics.length === 0 || this.wire?.readyState !== OPEN) return;
    const from: Record<string, number> = {};
    for (const topic of topics) {
      const seq = this.topics.get(topic)?.seq;
      if (seq !== null && seq !== undefined) from[topic] = seq;
    }
    const resume = op === "subscribe" && Object.keys(from).length > 0 ? { from } : {};
    this.wire.send(JSON.stringify({ op, topics, ...resume }));
  }

  /** Leaves and comes back, so that the server answers as it does to a newcomer. */
  private again(topics: string[]): void {
    this.send("unsubscribe", topics);
    this.send("subscribe", topics);
  }

  private receive(message: Incoming): void {
    if (message.type === "heartbeat") return;
    if (message.type === "bye") {
      this.lost(reasonOf(message.data));
      return;
    }
    if (message.type === "error") {
      const code = codeOf(message.data);
      if (SESSION_CODES.test(code)) this.options.refused?.(code, this.openedAt);
      else console.warn("stream refused:", reasonOf(message.data));
      return;
    }
    if (message.topic === null) return;
    const { type, topic, seq, ts, data } = message;
    if (this.inOrder(type, topic, seq)) this.enqueue({ type, topic, seq, ts, data });
  }

  /** Dense numbers per topic: a repeat is dropped, a hole asks again from the last one seen. */
  private inOrder(type: "snapshot" | "delta", topic: string, seq: number): boolean {
    const state = this.topics.get(topic);
    if (state === undefined) return false;
    if (type === "delta" && state.seq !== null) {
      if (seq <= state.seq) return false;
      if (seq > state.seq + 1) {
        this.again([topic]);
        return false;
      }
    }
    state.seq = seq;
    return true;
  }

  private enqueue(message: StreamMessage): void {
    this.listeners.get(message.topic)?.forEach((listener) => {
      listener(message);
    });
    this.batch.push(message);
    this.batchTimer ??= setTimeout(() => {
      this.batchTimer = undefined;
      const messages = this.batch;
      this.batch = [];
      this.options.deliver(messages);
    }, BATCH_MS);
  }
}

function codeOf(data: unknown): string {
  const code = typeof data === "object" && data !== null ? (data as Record<string, unknown>).code : undefined;
  return typeof code === "string" ? code : "";
}

function reasonOf(data: unknown): string {
  if (typeof data !== "object" || data === null) return "no reason given";
  const { reason, detail, message } = data as Record<string, unknown>;
  const said = [reason, detail, message].find((value) => typeof value === "string");
  return typeof said === "string" ? said : "no reason given";
}

export function browserWire(): Wire {
  const scheme = window.location.protocol === "https:" ? "wss" : "ws";
  return new WebSocket(`${scheme}://${window.location.host}/api/stream`) as unknown as Wire;
}
