import { useInfiniteQuery } from "@tanstack/react-query";

import { flat, useLastPrice, useWords } from "../../shared/api/hooks";
import { ideasQuery, signalsQuery } from "../../shared/api/queries";
import type { Signal, Timeframe } from "../../shared/api/types";
import { useDeskNow } from "../../shared/lib/clock";
import { send } from "../../shared/lib/commands";
import { amount, forPicture, signed } from "../../shared/lib/format";
import { spanText } from "../../shared/lib/time";
import { Age } from "../../shared/ui/Age";
import { Answer, Empty, Skeleton } from "../../shared/ui/Answer";
import { Button } from "../../shared/ui/Button";
import { Unit } from "../../shared/ui/Facts";
import { Meter } from "../../shared/ui/Meter";
import { Group, Panel } from "../../shared/ui/Panel";
import { beside, leading, outcomeText } from "./choose";
import { ConfidenceRing, DIRECTION_LOOKS } from "./Confidence";
import { useMembership } from "./Membership";
import { LevelLadder } from "./LevelLadder";
import { VoteList } from "./VoteList";

interface Props {
  symbol: string;
  timeframe: Timeframe;
  className?: string;
}

export function SignalCard({ symbol, timeframe, className = "" }: Props) {
  const { included, instead } = useMembership(timeframe);
  const signals = useInfiniteQuery({ ...signalsQuery(symbol, timeframe), enabled: included });
  const [ideas, all] = [flat(useInfiniteQuery({ ...ideasQuery(symbol, timeframe), enabled: included }).data), flat(signals.data)];
  const signal = leading(ideas, all);
  const other = signal === undefined ? undefined : beside(signal, ideas, all);
  return (
    <Panel
      title="Signal"
      note={`${symbol} · ${timeframe}`}
      className={className}
      actions={signal === undefined ? undefined : <TradeThis signal={signal} />}
    >
      {!included && instead}
      {included && <Answer
        query={signals}
        what="the signal"
        waiting={<Skeleton rows={9} />}
        empty={{
          when: () => signal === undefined,
          show: <Empty title={`No ${timeframe} signal yet`}>Every closed bar is put to the vote; the first decision appears here with its reasons.</Empty>,
        }}
      >
        {() => signal !== undefined && <Body signal={signal} other={other} />}
      </Answer>}
    </Panel>
  );
}

function TradeThis({ signal }: { signal: Signal }) {
  if (signal.direction === "HOLD" || signal.status !== "active") return null;
  const side = signal.direction === "BUY" ? "buy" : "sell";
  return (
    <Button
      size="tiny"
      onClick={() => {
        send({ kind: "ticket", side });
      }}
    >
      Trade this
    </Button>
  );
}

function Body({ signal, other }: { signal: Signal; other: Signal | undefined }) {
  const look = DIRECTION_LOOKS[signal.direction];
  return (
    <div className="grid gap-x-6 @3xl:grid-cols-2">
      <div>
        <div className="flex items-center gap-3">
          <ConfidenceRing signal={signal} />
          <div className="min-w-0 flex-1">
            <p className={`text-xl leading-6 font-bold tracking-wide ${look.ink}`}>{signal.direction}</p>
            <p className="text-2xs text-dim">
              made <Age at={signal.at} /> at {amount(signal.price)}
            </p>
            <Standing signal={signal} />
          </div>
          <Risk signal={signal} />
        </div>
        {signal.levels !== null && <Levels signal={signal} />}
        {other !== undefined && <Beside key={other.direction} signal={other} />}
      </div>
      <div className="mt-3 @3xl:mt-0">
        <p className="mb-3 text-xs leading-relaxed text-ink">{signal.reasoning}</p>
        <Group title="Votes" aside={`${signal.votes.length} sources`}>
          <VoteList votes={signal.votes} />
        </Group>
      </div>
    </div>
  );
}

/** One line that opens: the newest HOLD, or the last trade idea and what became of it. */
function Beside({ signal }: { signal: Signal }) {
  const hold = signal.direction === "HOLD";
  const r = signal.outcome === null ? "" : ` · ${signed(signal.outcome.r_multiple)} R`;
  return (
    <details className="mt-2 border-t border-line pt-1 text-xs">
      <summary className="flex list-none items-baseline gap-2 rounded px-1 py-1 hover:bg-raised">
        <span className="text-2xs text-dim">{hold ? "Newest bar" : "Last idea"}</span>
        <b className={DIRECTION_LOOKS[signal.direction].ink}>{signal.direction}</b>
        <span className="min-w-0 flex-1 truncate text-2xs text-dim">
          {outcomeText(signal)}{r}
        </span>
        <span className="text-2xs text-dim"><Age at={signal.at} /></span>
      </summary>
      <p className="px-1 pt-1 leading-relaxed">{signal.reasoning}</p>
    </details>
  );
}

function Standing({ signal }: { signal: Signal }) {
  const now = useDeskNow();
  if (signal.status !== "active") {
    const r = signal.outcome === null ? "" : ` · ${signed(signal.outcome.r_multiple)} R`;
    return <p className="text-2xs text-dim">{outcomeText(signal)}{r}</p>;
  }
  const left = (Date.parse(signal.expires_at) - now) / 1000;
  return (
    <p className="text-2xs text-dim" role="timer" aria-label="Time until the signal expires, desk time">
      {left > 0 ? <>expires in <span className="text-ink">{spanText(left)}</span></> : "expiring"}
    </p>
  );
}

function Risk({ signal }: { signal: Signal }) {
  const share = forPicture(signal.risk_score) / 100;
  const tone = share > 0.66 ? "down" : share > 0.33 ? "warn" : "up";
  return (
    <div className="w-20 shrink-0 text-right">
      <p className="text-2xs text-dim">Risk</p>
      <p className="mb-1 text-sm font-semibold">
        {amount(signal.risk_score, 0)}
        <Unit>of 100</Unit>
      </p>
      <Meter label="Risk score" share={share} text={`${signal.risk_score} of 100`} tone={tone} />
    </div>
  );
}

function Levels({ signal }: { signal: Signal }) {
  const { price } = useLastPrice(signal.symbol);
  const { pricePlaces, quote } = useWords(signal.symbol);
  const { levels } = signal;
  if (levels === null) return null;
  return (
    <div className="mt-3">
      <Group title="Levels" aside={<>risk / reward <span className="text-ink">1 : {amount(levels.risk_reward, 2)}</span> · {quote}</>}>
        <LevelLadder levels={levels} entry={signal.price} direction={signal.direction} last={price} places={pricePlaces} />
      </Group>
    </div>
  );
}
