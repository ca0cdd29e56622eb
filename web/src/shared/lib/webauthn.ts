import { base64url, fromBase64url } from "./bytes";
import { isRecord } from "./storage";

/**
 * WebAuthn's JSON forms by hand: browsers' own parseRequestOptionsFromJSON and toJSON are younger
 * than some browsers that traders use.
 */
type Json = Record<string, unknown>;

export function passkeysPossible(): boolean {
  return window.isSecureContext && typeof PublicKeyCredential !== "undefined";
}

/** Options come as an object, or inside `publicKey`. */
export function receiveOptions(options: unknown): Json {
  const known: unknown = typeof options === "string" ? JSON.parse(options) : options;
  if (!isRecord(known)) throw new Error("The desk's passkey options cannot be read.");
  return isRecord(known.publicKey) ? known.publicKey : known;
}

function buffer(value: unknown): ArrayBuffer {
  return fromBase64url(typeof value === "string" ? value : "").buffer;
}

function descriptors(value: unknown): PublicKeyCredentialDescriptor[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isRecord).map((one) => ({ ...one, type: "public-key", id: buffer(one.id) }));
}

export function decodeRequest(options: Json): PublicKeyCredentialRequestOptions {
  return { ...options, challenge: buffer(options.challenge), allowCredentials: descriptors(options.allowCredentials) };
}

export function decodeCreation(options: Json): PublicKeyCredentialCreationOptions {
  const user = isRecord(options.user) ? options.user : {};
  const decoded = {
    ...options,
    challenge: buffer(options.challenge),
    user: { ...user, id: buffer(user.id) },
    excludeCredentials: descriptors(options.excludeCredentials),
  };
  return decoded as unknown as PublicKeyCredentialCreationOptions;
}

type Part = "clientDataJSON" | "authenticatorData" | "signature" | "userHandle" | "attestationObject";
const OPTIONAL = ["authenticatorData", "signature", "userHandle", "attestationObject"] as const satisfies readonly Part[];

/** What the browser answered, as the server reads it. */
export interface CredentialJson {
  id: string;
  rawId: string;
  type: "public-key";
  response: { clientDataJSON: string } & Partial<Record<(typeof OPTIONAL)[number], string>>;
}

/** What the browser answered, as JSON; throws when the person gave up. */
export function encodeCredential(credential: Credential | null): CredentialJson {
  if (credential === null) throw new Error("No passkey was chosen.");
  const made = credential as PublicKeyCredential;
  const answer = made.response as AuthenticatorResponse & Partial<Record<Part, ArrayBuffer | null>>;
  const response: CredentialJson["response"] = { clientDataJSON: text(answer.clientDataJSON) };
  for (const part of OPTIONAL) {
    const value = answer[part];
    if (value instanceof ArrayBuffer) response[part] = text(value);
  }
  return { id: made.id, rawId: text(made.rawId), type: "public-key", response };
}

function text(bytes: ArrayBuffer): string {
  return base64url(new Uint8Array(bytes));
}

/** The browser's refusals in a person's words. */
export function passkeyTrouble(error: unknown): string | null {
  if (!(error instanceof DOMException)) return null;
  if (error.name === "NotAllowedError") return "No passkey was used: the browser's dialog was closed or timed out.";
  if (error.name === "InvalidStateError") return "This device already holds a passkey for this account.";
  if (error.name === "SecurityError") return "Passkeys need the desk's own name: open it at the address it printed.";
  return error.message;
}
