/**
 * What stands after the # of an address that the desk sent the browser to. It never reaches a server's
 * log, and is taken out of the address as soon as it is read.
 */
export function takeHash(): string {
  const text = window.location.hash.replace(/^#/, "");
  if (text !== "") window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return text;
}

export interface Landing {
  error: string | null;
  second: { ticket: string; factors: string[] } | null;
}

/** How signing in elsewhere ended: refused, or with a second step to come. */
export function landingFrom(hash: string): Landing {
  const said = new URLSearchParams(hash);
  const ticket = said.get("ticket");
  const factors = (said.get("factors") ?? "").split(",").filter(Boolean);
  return { error: said.get("error"), second: ticket === null ? null : { ticket, factors } };
}
