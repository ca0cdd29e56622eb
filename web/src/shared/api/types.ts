/** Short names for the generated component schemas: the one place that knows how they are called. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Feed = Schemas["Feed"];
export type FeedCommand = Schemas["FeedCommand"];
export type StreamQuality = Schemas["Stream"];
export type Market = Schemas["Market"];
export type Candle = Schemas["Candle"];
export type IndicatorRow = Schemas["Indicator"];
export type Pattern = Schemas["Pattern"];
export type SignalVote = Schemas["Vote"];
export type SignalStats = Schemas["Record"];
// The client's types widen the schema's three-tuple of targets to a list: so do ours.
export type SignalLevels = Omit<Schemas["Levels"], "targets"> & { targets: DecimalString[] };
export type Signal = Omit<Schemas["Signal"], "levels"> & { levels: SignalLevels | null };
export type Order = Schemas["Order"];
export type OrderRequest = Schemas["OrderRequest"];
export type Trade = Schemas["Trade"];
export type Position = Schemas["Position"];
export type Portfolio = Schemas["Portfolio"];
export type EquityPoint = Schemas["Equity"];
export type Limits = Schemas["Limits"];
export type Judgement = Schemas["Judgement"];
export type SystemCheck = Schemas["HealthCheck"];
export type Problem = Schemas["Problem"];
export type Timeframe = Signal["timeframe"];
export type Side = OrderRequest["side"];

/** A decimal as the server wrote it. Show it through shared/lib/format; never add it in a feature. */
export type DecimalString = string;

export interface Page<T> {
  items: T[];
  next: string | null;
}

/** What the socket's `prices` topic carries. */
export interface PriceTick {
  symbol: string;
  price: DecimalString | null;
  at: string | null;
  state: StreamQuality["state"];
}

/** The bar that is still growing, and once more when it has closed. */
export type LiveBar = Candle & { closed: boolean };

export const TIMEFRAMES = ["1m", "5m", "15m", "1h", "4h", "1d"] as const satisfies readonly Timeframe[];

export type Person = Schemas["Person"];
export type Preferences = Schemas["Preferences"];
export type Me = Schemas["Me"];
export type SignInMethod = Schemas["Method"];
export type SignInAnswer = Schemas["SignIn"];
export type Credential = Schemas["Credential"];
export type Factors = Schemas["Factors"];
export type Enrolment = Schemas["Totp"];
export type Device = Schemas["Session"];
export type ApiKey = Schemas["Key"];
export type CreatedKey = Schemas["MadeKey"];
export type VenueKey = Schemas["VenueKey"];
export type JournalEntry = Schemas["AuditEntry"];
export type Kyc = Schemas["Kyc"];
export type Address = Schemas["Address"];
export type Withdrawal = Schemas["Withdrawal"];
export type RiskProfile = Schemas["RiskProfile"];
export type Subscription = Schemas["Subscription"];
export type Delivery = Schemas["Delivery"];
export type AdminPerson = Schemas["StaffPerson"];
export type KycCase = Schemas["KycCase"];
export type Feature = Schemas["Feature"];
export type SecurityEvent = Schemas["SecurityEvent"];
export type Incident = Schemas["Incident"];
export type Overview = Schemas["Overview"];
export type AdminLimits = Schemas["PlatformLimits"];
