import { useQuery } from "@tanstack/react-query";

import { useLink, type Link, type LinkState } from "../../shared/api/live";
import { feedQuery } from "../../shared/api/queries";
import type { Feed, StreamQuality } from "../../shared/api/types";
import { Dot, type Tone } from "../../shared/ui/Badge";

const STREAM_TONES: Record<StreamQuality["state"], Tone> = { fresh: "up", stale: "warn", broken: "down" };
const LINK_TONES: Record<LinkState, Tone> = {
  connecting: "neutral",
  connected: "up",
  reconnecting: "warn",
  offline: "down",
};

/** Whether the symbol's prices can be trusted, with the reason when they cannot. */
export function StreamState({ symbol }: { symbol: string }) {
  const stream = useQuery(feedQuery).data?.streams.find((row) => row.symbol === symbol);
  const state = stream?.state;
  const reason = stream?.reason ?? "";
  return (
    <Reading
      name="Data"
      tone={state === undefined ? "neutral" : STREAM_TONES[state]}
      text={state ?? "unknown"}
      why={state === "fresh" ? "" : reason}
    />
  );
}

/** Whether this page still hears the desk. */
export function LinkHealth() {
  const link = useLink();
  const why = link.state === "connected" ? "" : (link.reason ?? "");
  return <Reading name="Link" tone={LINK_TONES[link.state]} text={link.state} why={why} />;
}

/** Both as dots, for a phone; the words appear in the warning line when something is wrong. */
export function HealthDots({ symbol }: { symbol: string }) {
  const state = useQuery(feedQuery).data?.streams.find((row) => row.symbol === symbol)?.state;
  const link = useLink();
  const rows = [
    ["data", state ?? "unknown", state === undefined ? "neutral" : STREAM_TONES[state]],
    ["link", link.state, LINK_TONES[link.state]],
  ] as const;
  return (
    <span className="flex flex-col text-2xs leading-tight text-dim" role="status">
      {rows.map(([name, text, tone]) => (
        <span key={name} className="flex items-center gap-1">
          <Dot tone={tone} />
          {name}
          <span className="sr-only">{text}</span>
        </span>
      ))}
    </span>
  );
}

function Reading({ name, tone, text, why }: { name: string; tone: Tone; text: string; why: string }) {
  return (
    <span
      role="status"
      title={why === "" ? `${name}: ${text}` : `${name}: ${text}, ${why}`}
      className="flex flex-col leading-tight whitespace-nowrap"
    >
      <span className="text-2xs text-dim">{name}</span>
      <span className="flex items-center gap-1.5 text-xs">
        <Dot tone={tone} />
        {text}
      </span>
    </span>
  );
}

function linkNotes({ state, reason }: Link): string[] {
  if (state === "reconnecting") return [`Reconnecting to the desk (${reason ?? "line lost"}). What you see may be old.`];
  if (state === "offline") return [`The desk cannot be reached (${reason ?? "no answer"}). Nothing here is current.`];
  return [];
}

function feedNotes(feed: Feed, symbol: string): string[] {
  if (feed.ended) return ["The recording has ended. Restart it or seek to another time."];
  const stream = feed.streams.find((row) => row.symbol === symbol);
  if (stream === undefined || stream.state === "fresh") return [];
  return [`${symbol} data is ${stream.state}: ${stream.reason || "no reason given"}. No signals are made from it.`];
}

/** A line across the page while it cannot be trusted: stale data, a broken stream, a lost connection. */
export function Warnings({ symbol }: { symbol: string }) {
  const feed = useQuery(feedQuery).data;
  const link = useLink();
  const notes = [...linkNotes(link), ...(feed === undefined ? [] : feedNotes(feed, symbol))];
  if (notes.length === 0) return null;
  return (
    <div role="alert" className="border-b border-warn/40 bg-warn/12 px-3 py-1 text-xs text-warn">
      {notes.join(" ")}
    </div>
  );
}
