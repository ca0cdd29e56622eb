import { decodeRequest, encodeCredential, receiveOptions } from "../lib/webauthn";
import { solve } from "../lib/proofOfWork";
import { api, unwrap } from "./client";
import { announceSession, leaving, renewedAt } from "./sessionState";
import type { SignInAnswer } from "./types";

const COOKIE = { session: "cookie" } as const;

/** The page's session lives in cookies; what a program would get as tokens is null here. */
export function settleSignIn(answer: SignInAnswer): SignInAnswer {
  if (answer.status === "signed_in") {
    leaving.write(false);
    renewedAt.write(Date.now());
    announceSession("began");
  }
  return answer;
}

export type Chain = "siws" | "siwe";

export function fetchNonce(chain: Chain) {
  return chain === "siws" ? unwrap(api.GET("/api/auth/siws/nonce")) : unwrap(api.GET("/api/auth/siwe/nonce"));
}

export interface Signed {
  message: string;
  signature: string;
}

export async function signInWithWallet(chain: Chain, signed: Signed): Promise<SignInAnswer> {
  const body = { ...signed, ...COOKIE };
  const call = chain === "siws" ? api.POST("/api/auth/siws/verify", { body }) : api.POST("/api/auth/siwe/verify", { body });
  return settleSignIn(await unwrap(call));
}

export async function signInWithMemo(address: string, transaction: string): Promise<SignInAnswer> {
  return settleSignIn(await unwrap(api.POST("/api/auth/siws/memo", { body: { address, transaction, ...COOKIE } })));
}

/** Public forms cost a little work, so that a machine cannot fill in many of them. */
async function worked(wanted: boolean) {
  return wanted ? { captcha: await solve(await unwrap(api.GET("/api/auth/challenge"))) } : {};
}

export interface PasswordForm {
  email: string;
  password: string;
}

export async function signInWithPassword(form: PasswordForm, captcha: boolean): Promise<SignInAnswer> {
  const body = { ...form, ...(await worked(captcha)), ...COOKIE };
  return settleSignIn(await unwrap(api.POST("/api/auth/login", { body })));
}

export async function register(form: PasswordForm & { name?: string; referrer?: string }, captcha: boolean): Promise<SignInAnswer> {
  const body = { ...form, ...(await worked(captcha)), ...COOKIE };
  return settleSignIn(await unwrap(api.POST("/api/auth/register", { body })));
}

/** Takes an account over that the desk's keeper made, with the one-time code of the link. */
export async function enrol(code: string, password: string): Promise<SignInAnswer> {
  return settleSignIn(await unwrap(api.POST("/api/auth/enrol", { body: { code, password, ...COOKIE } })));
}

async function assertion(options: unknown) {
  const publicKey = decodeRequest(receiveOptions(options));
  return encodeCredential(await navigator.credentials.get({ publicKey }));
}

export async function signInWithPasskey(): Promise<SignInAnswer> {
  const { id, options } = await unwrap(api.POST("/api/auth/passkeys/options"));
  const credential = await assertion(options);
  return settleSignIn(await unwrap(api.POST("/api/auth/passkeys/verify", { body: { id, credential, ...COOKIE } })));
}

export type Proof = { code: string } | { recovery_code: string };

export async function secondStep(ticket: string, proof: Proof): Promise<SignInAnswer> {
  return settleSignIn(await unwrap(api.POST("/api/auth/factor", { body: { ticket, ...proof, ...COOKIE } })));
}

export async function secondStepByPasskey(ticket: string): Promise<SignInAnswer> {
  const { options } = await unwrap(api.POST("/api/auth/factor/options", { body: { ticket } }));
  const credential = await assertion(options);
  return settleSignIn(await unwrap(api.POST("/api/auth/factor", { body: { ticket, credential, ...COOKIE } })));
}

export type StepUpProof = Proof | { password: string } | (Signed & { kind: Chain });

export function proveAgain(proof: StepUpProof) {
  return unwrap(api.POST("/api/auth/step-up", { body: proof }));
}

export async function proveAgainByPasskey() {
  const { options } = await unwrap(api.POST("/api/auth/step-up/options"));
  return unwrap(api.POST("/api/auth/step-up", { body: { credential: await assertion(options) } }));
}
