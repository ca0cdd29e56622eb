import { useQuery } from "@tanstack/react-query";

import { equityQuery, portfolioQuery } from "../../shared/api/queries";
import type { EquityPoint, Portfolio } from "../../shared/api/types";
import { amount, percent, plain, signed, tone } from "../../shared/lib/format";
import { stamp } from "../../shared/lib/time";
import { Answer, Empty } from "../../shared/ui/Answer";
import { Unit } from "../../shared/ui/Facts";
import { picture, type EquityPicture } from "./equityPicture";

export function EquityCurve() {
  const equity = useQuery(equityQuery);
  const portfolio = useQuery(portfolioQuery).data;
  return (
    <Answer
      query={equity}
      what="equity"
      empty={{ when: (page) => page.items.length < 2, show: <Empty title="The curve begins soon">It needs two points; the desk notes the equity as time passes.</Empty> }}
    >
      {(page) => portfolio !== undefined && <Curve points={page.items} portfolio={portfolio} />}
    </Answer>
  );
}

function Curve({ points, portfolio }: { points: EquityPoint[]; portfolio: Portfolio }) {
  const shapes = picture(points, portfolio.deposit);
  if (shapes === null) return null;
  return (
    <div className="flex h-full min-h-44 flex-col gap-2 p-3">
      <Figures portfolio={portfolio} shapes={shapes} />
      <div className="relative min-h-24 flex-1">
        <Drawing shapes={shapes} label={`Equity from ${stamp(points[0]?.at ?? null)} to ${stamp(points.at(-1)?.at ?? null)}`} />
        <span className="absolute top-0 right-0 bg-panel/80 px-1 text-2xs text-dim">{plain(shapes.high)}</span>
        <span className="absolute right-0 bottom-0 bg-panel/80 px-1 text-2xs text-dim">{plain(shapes.low)}</span>
      </div>
      <div className="flex justify-between text-2xs text-dim">
        <span>{stamp(points[0]?.at ?? null)}</span>
        <span className="hidden @md:inline">dashed: deposit of {amount(portfolio.deposit)} {portfolio.asset}</span>
        <span>{stamp(points.at(-1)?.at ?? null)}</span>
      </div>
    </div>
  );
}

function Figures({ portfolio, shapes }: { portfolio: Portfolio; shapes: EquityPicture }) {
  const rows = [
    ["Equity", amount(portfolio.equity), portfolio.asset, "text-ink"],
    ["Profit", `${signed(portfolio.profit)} (${percent(portfolio.profit_pct)})`, portfolio.asset, tone(portfolio.profit)],
    ["Drawdown", plain(shapes.drawdown), "%", shapes.drawdown > 0 ? "text-down" : "text-ink"],
    ["Deepest", plain(shapes.deepest), "%", "text-ink"],
  ] as const;
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1">
      {rows.map(([name, value, unit, ink]) => (
        <div key={name} className="leading-tight">
          <dt className="text-2xs text-dim">{name}</dt>
          <dd className={`text-xs font-medium ${ink}`}>
            {value}
            <Unit>{unit}</Unit>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Drawing({ shapes, label }: { shapes: EquityPicture; label: string }) {
  const ink = shapes.ahead ? "text-up" : "text-down";
  return (
    <svg viewBox="0 0 100 100" preserveAspectRatio="none" className={`absolute inset-0 size-full ${ink}`} role="img" aria-label={label}>
      <polygon points={shapes.area} fill="currentColor" opacity="0.13" />
      <line x1="0" x2="100" y1={shapes.base} y2={shapes.base} className="stroke-edge" strokeDasharray="4 4" vectorEffect="non-scaling-stroke" />
      <polyline points={shapes.line} fill="none" stroke="currentColor" strokeWidth="1.6" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}
