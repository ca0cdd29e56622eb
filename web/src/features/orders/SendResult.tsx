import { useQuery } from "@tanstack/react-query";

import { useWords } from "../../shared/api/hooks";
import { messageOf, ProblemError, SilentDesk } from "../../shared/api/problem";
import type { Order, Problem } from "../../shared/api/types";
import { amount, quantity } from "../../shared/lib/format";
import { Badge } from "../../shared/ui/Badge";
import { Icon } from "../../shared/ui/Icon";
import { STATE_TONES, stateText } from "./words";

interface Props {
  order: Order | undefined;
  error: Error | null;
  onRetry: () => void;
}

/** What became of the last order sent from this ticket. */
export function SendResult({ order, error, onRetry }: Props) {
  if (error !== null) return <Refusal error={error} onRetry={onRetry} />;
  return order === undefined ? null : <Receipt sent={order} />;
}

function Receipt({ sent }: { sent: Order }) {
  // The socket keeps this entry current; the answer to the POST is only its first version.
  const query = useQuery({ queryKey: ["order", sent.id], queryFn: () => sent, enabled: false });
  const order = query.data !== undefined && query.data.version >= sent.version ? query.data : sent;
  const { base, quote, pricePlaces } = useWords(order.symbol);
  const price = order.type === "market" ? "at market" : `at ${amount(order.price, pricePlaces)} ${quote}`;
  return (
    <div role="status" className="rounded border border-line bg-raised p-2 text-2xs leading-relaxed">
      <p className="flex items-center justify-between gap-2">
        <span className="font-medium">
          Sent: {order.side} {quantity(order.qty)} {base} {price}
        </span>
        <Badge tone={STATE_TONES[order.state]}>{stateText(order.state)}</Badge>
      </p>
      <p className="text-dim">
        Filled {quantity(order.filled)} of {quantity(order.qty)} {base}
        {order.average_price !== null && <> at {amount(order.average_price, pricePlaces)} {quote}</>}, fee {amount(order.fees)} {quote}
      </p>
      {order.reason !== null && <p className="text-warn">Reason: {order.reason}</p>}
    </div>
  );
}

function refusalTitle(error: Error): string {
  if (error instanceof SilentDesk) return "No answer yet";
  if (!(error instanceof ProblemError)) return "Not sent";
  return error.problem.code === "risk_refused" ? "Refused by Guardian" : error.problem.title;
}

/** What is wrong with these is said at the field itself. */
const AT_FIELD: ReadonlySet<string> = new Set(["qty", "price"]);

function Details({ problem }: { problem: Problem }) {
  return (
    <>
      {problem.errors.filter((entry) => !AT_FIELD.has(entry.field)).map((entry) => (
        <p key={`${entry.field} ${entry.message}`} className="text-dim">
          {entry.field}: {entry.message} {entry.fix}
        </p>
      ))}
      {problem.receipt_id !== undefined && <p className="text-dim">Receipt {problem.receipt_id}</p>}
    </>
  );
}

function Refusal({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const problem = error instanceof ProblemError ? error.problem : null;
  const byRisk = problem?.code === "risk_refused";
  return (
    <div role="alert" className="rounded border border-down/40 bg-down/10 p-2 text-2xs leading-relaxed">
      <p className="flex items-center gap-1.5 font-semibold text-down">
        <Icon name={byRisk ? "stop" : "warn"} className="size-3.5" />
        {refusalTitle(error)}
        {problem?.rule !== undefined && <Badge tone="down">{problem.rule}</Badge>}
      </p>
      <p className="text-ink">{messageOf(error)}</p>
      {problem !== null && <Details problem={problem} />}
      {error instanceof SilentDesk && (
        <button type="button" className="text-accent underline underline-offset-2" onClick={onRetry}>
          Try again: the same key makes sure that it counts once
        </button>
      )}
    </div>
  );
}
