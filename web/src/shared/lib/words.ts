import type { Tone } from "../ui/Badge";

/** Names of things that the server calls by a code. */
export const METHODS: Record<string, string> = {
  siws: "Solana wallet",
  siwe: "Ethereum wallet",
  password: "E-mail and password",
  passkey: "Passkey",
  oidc: "Sign-in elsewhere",
  whop: "Whop",
  cli: "Command line",
};

export const KYC_TONES: Record<string, Tone> = { none: "neutral", pending: "warn", approved: "up", rejected: "down", expired: "warn" };
export const KYC_LEVELS = ["not checked", "identity", "identity and address"];

export const WITHDRAWAL_TONES: Record<string, Tone> = {
  pending: "warn",
  delayed: "warn",
  approved: "accent",
  done: "up",
  cancelled: "neutral",
  rejected: "down",
};

export function sentence(code: string): string {
  const words = code.replaceAll("_", " ").replaceAll(".", " · ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const BROWSERS = [
  [/Edg\//, "Edge"],
  [/OPR\//, "Opera"],
  [/Firefox\//, "Firefox"],
  [/Chrom(e|ium)\//, "Chrome"],
  [/Safari\//, "Safari"],
] as const;
const SYSTEMS = [
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Mac OS X/, "macOS"],
  [/Windows/, "Windows"],
  [/Linux|X11/, "Linux"],
] as const;

/** "Chrome on Linux": what a person calls the device that a user agent describes. */
export function deviceName(agent: string): string {
  const browser = BROWSERS.find(([pattern]) => pattern.test(agent))?.[1];
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  if (browser === undefined) return agent === "" ? "Unknown device" : (agent.split(" ", 1)[0] ?? agent);
  return system === undefined ? browser : `${browser} on ${system}`;
}
