import type { ReactNode } from "react";

const TONES = {
  neutral: "border-edge text-dim",
  up: "border-up/40 bg-up/12 text-up",
  down: "border-down/40 bg-down/12 text-down",
  accent: "border-accent/40 bg-accent/12 text-accent",
  warn: "border-warn/45 bg-warn/12 text-warn",
  violet: "border-violet/45 bg-violet/12 text-violet",
} as const;

export type Tone = keyof typeof TONES;

export function Badge({ tone = "neutral", title, children }: { tone?: Tone; title?: string; children: ReactNode }) {
  return (
    <span
      title={title}
      className={`inline-flex items-center gap-1 rounded border px-1.5 text-2xs leading-[1.15rem] font-semibold tracking-wide whitespace-nowrap ${TONES[tone]}`}
    >
      {children}
    </span>
  );
}

const DOTS: Record<Tone, string> = {
  neutral: "bg-dim",
  up: "bg-up",
  down: "bg-down",
  accent: "bg-accent",
  warn: "bg-warn",
  violet: "bg-violet",
};

export function Dot({ tone }: { tone: Tone }) {
  return <span aria-hidden="true" className={`inline-block size-1.5 shrink-0 rounded-full ${DOTS[tone]}`} />;
}
