import { useEffect, useRef, useState } from "react";

import type { Proof } from "../../shared/api/signIn";
import { Field } from "../../shared/ui/Field";
import { about } from "../../shared/ui/Notice";

type CodeKind = "totp" | "recovery";

/** Which kind of code is typed: the app's, or one of the paper's where the app is lost. */
export function useCodeKinds(factors: readonly string[]) {
  const [recovery, setRecovery] = useState(false);
  const kinds = factors.filter((factor) => factor === "totp" || factor === "recovery");
  const kind: CodeKind = recovery || !kinds.includes("totp") ? "recovery" : "totp";
  return {
    kind,
    codes: kinds.length > 0,
    passkey: factors.includes("passkey"),
    other: kinds.length > 1,
    swap: () => { setRecovery(!recovery); },
  };
}

export type CodeKinds = ReturnType<typeof useCodeKinds>;

export function codeProof(kind: CodeKind, code: string): Proof {
  return kind === "totp" ? { code: code.replace(/\s/g, "") } : { recovery_code: code.trim() };
}

interface CodeFieldProps {
  kinds: CodeKinds;
  code: string;
  error: unknown;
  onChange: (code: string) => void;
}

export function CodeField({ kinds, code, error, onChange }: CodeFieldProps) {
  const place = useRef<HTMLDivElement>(null);
  const { kind } = kinds;
  // The person came here to type a code: nothing else is worth the first key.
  useEffect(() => {
    place.current?.querySelector("input")?.focus();
  }, [kind]);
  const byApp = kind === "totp";
  return (
    <div ref={place}>
      <Field
        label={byApp ? "Code from your authenticator app" : "Recovery code"}
        name={byApp ? "code" : "recovery_code"}
        inputMode={byApp ? "numeric" : "text"}
        autoComplete="one-time-code"
        autoCapitalize="none"
        maxLength={byApp ? 8 : 64}
        value={code}
        problem={about(error, byApp ? "code" : "recovery_code")}
        aside={
          kinds.other && (
            <button type="button" className="text-accent hover:underline" onClick={() => { onChange(""); kinds.swap(); }}>
              {byApp ? "use a recovery code" : "use the app's code"}
            </button>
          )
        }
        onChange={(event) => {
          onChange(event.currentTarget.value);
        }}
      />
    </div>
  );
}
