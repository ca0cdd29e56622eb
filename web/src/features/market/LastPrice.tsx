import { useEffect, useState } from "react";

import { useLastPrice, useMarket, useWords } from "../../shared/api/hooks";
import { compareDecimals, parseDecimal } from "../../shared/lib/decimal";
import { amount, compactDecimal, percent, tone } from "../../shared/lib/format";
import { Age } from "../../shared/ui/Age";
import { Icon } from "../../shared/ui/Icon";
import { Unit } from "../../shared/ui/Facts";

interface Move {
  price: string | null;
  way: -1 | 0 | 1;
  beat: number;
}

function next(move: Move, price: string | null): Move {
  const before = parseDecimal(move.price ?? "");
  const after = parseDecimal(price ?? "");
  const way = before === null || after === null ? 0 : compareDecimals(after, before);
  return { price, way: way === 0 ? move.way : way, beat: move.beat + Math.abs(way) };
}

/** Which way the last change went; kept through repeats of the same price. */
function useMove(symbol: string, price: string | null): Move {
  const [move, setMove] = useState<Move & { symbol: string }>({ symbol, price, way: 0, beat: 0 });
  if (move.symbol !== symbol) setMove({ symbol, price, way: 0, beat: 0 });
  else if (move.price !== price) setMove({ symbol, ...next(move, price) });
  return move;
}

const LOOKS = { "-1": "text-down", 0: "text-ink", 1: "text-up" } as const;

export function LastPrice({ symbol }: { symbol: string }) {
  const { price, at } = useLastPrice(symbol);
  const market = useMarket(symbol);
  const { quote, pricePlaces } = useWords(symbol);
  const move = useMove(symbol, price);
  const flash = move.way === 0 ? "" : move.way > 0 ? "flash-up" : "flash-down";
  const shown = amount(price, pricePlaces);
  useEffect(() => {
    document.title = price === null ? "Hydradesk" : `${shown} ${symbol} · Hydradesk`;
  }, [price, shown, symbol]);
  return (
    <div className="flex min-w-0 items-center gap-2.5">
      <div className="flex min-w-0 flex-col leading-tight">
        <span
          key={move.beat}
          className={`flex flex-wrap items-center gap-x-1 rounded px-1 text-base font-semibold md:text-lg md:leading-5 ${LOOKS[move.way]} ${flash}`}
        >
          {move.way !== 0 && <Icon name={move.way > 0 ? "up" : "down"} className="size-3.5" />}
          <span data-testid="last-price">{shown}</span>
          <span className="text-2xs font-normal text-dim max-sm:hidden">{quote}</span>
        </span>
        <span className="px-1 text-2xs text-dim">
          <span className="sm:hidden">{quote} </span>
          <span className={tone(market?.change_24h_pct)}>{percent(market?.change_24h_pct)}</span> 24h
          <span className="max-lg:hidden"> · <Age at={at} /></span>
        </span>
      </div>
    </div>
  );
}

/** High, low and volume of the last day; only where the header has room. */
export function DayRange({ symbol }: { symbol: string }) {
  const market = useMarket(symbol);
  const { base, quote, pricePlaces } = useWords(symbol);
  const rows = [
    ["24h high", amount(market?.high_24h, pricePlaces), quote],
    ["24h low", amount(market?.low_24h, pricePlaces), quote],
    ["24h volume", compactDecimal(market?.volume_24h), base],
  ] as const;
  return (
    <dl className="flex gap-4">
      {rows.map(([name, value, unit]) => (
        <div key={name} className="leading-tight whitespace-nowrap">
          <dt className="text-2xs text-dim">{name}</dt>
          <dd className="text-xs">
            {value}
            <Unit>{unit}</Unit>
          </dd>
        </div>
      ))}
    </dl>
  );
}
