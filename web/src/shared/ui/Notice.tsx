import type { ReactNode } from "react";

import { messageOf, ProblemError } from "../api/problem";
import { Icon, type IconName } from "./Icon";

const LOOKS = {
  info: ["border-accent/40 bg-accent/8 text-ink", "text-accent", "shield"],
  warn: ["border-warn/45 bg-warn/10 text-ink", "text-warn", "warn"],
  bad: ["border-down/45 bg-down/10 text-ink", "text-down", "warn"],
  good: ["border-up/40 bg-up/10 text-ink", "text-up", "check"],
} as const satisfies Record<string, readonly [string, string, IconName]>;

interface NoticeProps {
  tone?: keyof typeof LOOKS;
  role?: "alert" | "status";
  children: ReactNode;
}

/** A few words that belong to what stands below or above them. */
export function Notice({ tone = "info", role, children }: NoticeProps) {
  const [box, ink, icon] = LOOKS[tone];
  return (
    <div role={role} className={`flex items-start gap-2 rounded border px-2.5 py-2 text-xs ${box}`}>
      <Icon name={icon} className={`mt-px size-4 ${ink}`} />
      <div className="min-w-0 flex-1 break-words">{children}</div>
    </div>
  );
}

/** Why something was refused; what is said at its own field is not said twice. */
export function Refusal({ error, fields = [] }: { error: unknown; fields?: readonly string[] }) {
  if (error === null || error === undefined) return null;
  const all = error instanceof ProblemError ? error.fields : [];
  const others = all.filter((one) => !fields.some((field) => isAbout(one.field, field)));
  if (all.length > 0 && others.length === 0) return null;
  const fixes = others.map((one) => one.fix).filter(Boolean);
  return (
    <Notice tone="bad" role="alert">
      {messageOf(error)}
      {fixes.length > 0 && <span className="block text-dim">{fixes.join(" ")}</span>}
    </Notice>
  );
}

function isAbout(field: string, name: string): boolean {
  return field === name || field.endsWith(`.${name}`) || field.startsWith(`${name}.`);
}

/** What the server says about one field, for the field to show. */
export function about(error: unknown, field: string): { message: string; fix: string } | undefined {
  const found = error instanceof ProblemError ? error.fields.find((one) => isAbout(one.field, field)) : undefined;
  return found === undefined ? undefined : { message: found.message, fix: found.fix };
}
