import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";

import type { Person, SignInAnswer } from "../../shared/api/types";
import { themeChoice } from "../../shared/lib/theme";
import { oneOf } from "../../shared/lib/storage";
import { passkeyTrouble } from "../../shared/lib/webauthn";
import { walletTrouble } from "../../shared/lib/wallets/ethereum";
import type { Landing } from "./landing";

/** Where to go afterwards: only a place of this page. */
export function safeTarget(to: string | undefined): string {
  return to !== undefined && /^\/(?![/\\])/.test(to) ? to : "/";
}

/** What a browser or a wallet says in its own way, said in ours. */
export function inWords(error: unknown): unknown {
  if (error instanceof Error && error.name !== "DOMException" && !(error instanceof DOMException) && !("code" in error)) return error;
  const said = passkeyTrouble(error) ?? walletTrouble(error);
  return said === null ? error : new Error(said);
}

/** The desk as the person likes to find it. */
function firstView(person: Person | null): string {
  if (person === null) return "/";
  const { symbol, timeframe } = person.preferences;
  return `/?${new URLSearchParams({ symbol, timeframe }).toString()}`;
}

function welcome(person: Person): void {
  themeChoice.write(oneOf(["system", "dark", "light"], person.preferences.theme, "system"));
}

type Second = NonNullable<Landing["second"]>;

/** One attempt at a time; an answer is either the desk's page or a second step. */
export function useSignIn(to: string | undefined, second: Landing["second"] = null) {
  const navigate = useNavigate();
  const [factor, setFactor] = useState<Second | null>(second);
  const attempt = useMutation({
    mutationFn: async (way: () => Promise<SignInAnswer>) => {
      try {
        return await way();
      } catch (error) {
        throw inWords(error);
      }
    },
    onSuccess: (answer) => {
      if (answer.status === "factor_needed") {
        setFactor({ ticket: answer.ticket ?? "", factors: answer.factors });
        return;
      }
      if (answer.person !== null) welcome(answer.person);
      void navigate({ href: to === undefined ? firstView(answer.person) : safeTarget(to), replace: true });
    },
  });
  return { attempt, factor, startOver: () => { setFactor(null); attempt.reset(); } };
}
