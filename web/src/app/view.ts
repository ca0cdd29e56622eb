import { TIMEFRAMES, type Timeframe } from "../shared/api/types";
import { isRecord, oneOf, stored } from "../shared/lib/storage";

export interface View {
  symbol: string;
  timeframe: Timeframe;
}

const SYMBOL = /^[A-Z0-9]{2,12}(-[A-Z0-9]{2,12}){1,2}$/;

function checked(raw: unknown, otherwise: View): View {
  const known = isRecord(raw) ? raw : {};
  const symbol = known.symbol;
  return {
    symbol: typeof symbol === "string" && SYMBOL.test(symbol) ? symbol : otherwise.symbol,
    timeframe: oneOf(TIMEFRAMES, known.timeframe, otherwise.timeframe),
  };
}

const lastView = stored<View>("view", (raw) => checked(raw, { symbol: "ETH-USDT", timeframe: "1m" }));

/** The address decides; what it leaves out is as it was the last time. */
export function viewFrom(search: object): View {
  return checked(search, lastView.read());
}

export function rememberView(view: View): void {
  lastView.write(view);
}
