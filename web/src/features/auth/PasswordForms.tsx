import { useState } from "react";

import { register, signInWithPassword } from "../../shared/api/signIn";
import { Field } from "../../shared/ui/Field";
import { Form, SecretField, Send } from "../../shared/ui/forms";
import { about } from "../../shared/ui/Notice";
import { Segmented } from "../../shared/ui/Segmented";
import type { Attempt } from "./SignInPage";

const WAYS = [
  { value: "in", text: "Sign in" },
  { value: "up", text: "Create an account" },
] as const;

interface PasswordFormsProps {
  attempt: Attempt;
  signUp: boolean;
  captcha: boolean;
}

/** With an e-mail address and a password: for those who come back, and for those who are new. */
export function PasswordForms({ attempt, signUp, captcha }: PasswordFormsProps) {
  const [way, setWay] = useState<"in" | "up">("in");
  return (
    <section aria-label="E-mail and password" className="space-y-3 border-t border-line pt-4">
      {signUp && (
        <Segmented
          label="With e-mail and password"
          wide
          value={way}
          options={WAYS}
          onChange={(next) => {
            setWay(next);
            attempt.reset();
          }}
        />
      )}
      {way === "in" ? <SignInForm attempt={attempt} captcha={captcha} /> : <RegisterForm attempt={attempt} captcha={captcha} />}
    </section>
  );
}

/** Only what no server needs to be asked. */
function missing(email: string, password: string) {
  return {
    email: email.trim() === "" ? { message: "Enter your e-mail address.", fix: "" } : undefined,
    password: password === "" ? { message: "Enter a password.", fix: "" } : undefined,
  };
}

function useCredentials(attempt: Attempt) {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [tried, setTried] = useState(false);
  const lacks = missing(email, password);
  const ready = lacks.email === undefined && lacks.password === undefined;
  const problem = (field: "email" | "password") => (tried ? lacks[field] : undefined) ?? about(attempt.error, field);
  return { email, setEmail, password, setPassword, ready, problem, form: { email: email.trim(), password }, tried: () => { setTried(true); } };
}

function EmailField({ has, autoComplete }: { has: ReturnType<typeof useCredentials>; autoComplete: string }) {
  return (
    <Field
      label="E-mail"
      name="email"
      type="email"
      autoComplete={autoComplete}
      autoCapitalize="none"
      maxLength={254}
      value={has.email}
      problem={has.problem("email")}
      onChange={(event) => {
        has.setEmail(event.currentTarget.value);
      }}
    />
  );
}

function SignInForm({ attempt, captcha }: { attempt: Attempt; captcha: boolean }) {
  const has = useCredentials(attempt);
  return (
    <Form
      label="Sign in with a password"
      onSend={() => {
        has.tried();
        if (has.ready && !attempt.isPending) attempt.mutate(() => signInWithPassword(has.form, captcha));
      }}
    >
      <EmailField has={has} autoComplete="username" />
      <SecretField
        label="Password"
        name="password"
        autoComplete="current-password"
        value={has.password}
        problem={has.problem("password")}
        onChange={(event) => {
          has.setPassword(event.currentTarget.value);
        }}
      />
      <Send busy={attempt.isPending} size="full">Sign in</Send>
    </Form>
  );
}

function RegisterForm({ attempt, captcha }: { attempt: Attempt; captcha: boolean }) {
  const has = useCredentials(attempt);
  const [name, setName] = useState("");
  const [referrer, setReferrer] = useState("");
  const more = { ...(name.trim() === "" ? {} : { name: name.trim() }), ...(referrer.trim() === "" ? {} : { referrer: referrer.trim() }) };
  return (
    <Form
      label="Create an account"
      onSend={() => {
        has.tried();
        if (has.ready && !attempt.isPending) attempt.mutate(() => register({ ...has.form, ...more }, captcha));
      }}
    >
      <EmailField has={has} autoComplete="email" />
      <SecretField
        label="Password"
        name="new-password"
        autoComplete="new-password"
        value={has.password}
        problem={has.problem("password")}
        onChange={(event) => {
          has.setPassword(event.currentTarget.value);
        }}
      />
      <p className="text-2xs text-dim">Several words, or what a password manager makes: length is what counts.</p>
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Name (optional)" name="name" autoComplete="nickname" maxLength={80} value={name} problem={about(attempt.error, "name")} onChange={(event) => { setName(event.currentTarget.value); }} />
        <Field label="Referral code (optional)" name="referrer" maxLength={32} value={referrer} problem={about(attempt.error, "referrer")} onChange={(event) => { setReferrer(event.currentTarget.value); }} />
      </div>
      <Send busy={attempt.isPending} size="full">Create an account</Send>
    </Form>
  );
}
