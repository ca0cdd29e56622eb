import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { decodeCreation, encodeCredential, receiveOptions } from "../lib/webauthn";
import { firstPage, nextPage, paged } from "./paging";
import { api, done, idempotent, unwrap } from "./client";
import type { Chain, Signed } from "./signIn";
import type { Timeframe } from "./types";

/** A person's own account: every read and every write of the pages under /account. */

export const personQuery = queryOptions({
  queryKey: ["person"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account", { signal })),
});

export const credentialsQuery = queryOptions({
  queryKey: ["credentials"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/credentials", { signal })),
});

export const factorsQuery = queryOptions({
  queryKey: ["factors"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/factors", { signal })),
});

export const devicesQuery = queryOptions({
  queryKey: ["devices"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/sessions", { signal })),
});

export const keysQuery = queryOptions({
  queryKey: ["keys"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/keys", { signal })),
});

export const venueKeysQuery = queryOptions({
  queryKey: ["venue-keys"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/venue-keys", { signal })),
});

export const ownAuditQuery = infiniteQueryOptions({
  queryKey: ["audit", "own"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/account/audit", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: firstPage,
  getNextPageParam: nextPage,
});

export interface PreferencesChange {
  theme: "system" | "dark" | "light";
  symbol: string;
  timeframe: Timeframe;
  sounds: boolean;
}

export interface PersonChange {
  name?: string;
  email?: string;
  risk_level?: "conservative" | "balanced" | "aggressive";
  preferences?: PreferencesChange;
}

export function changePerson(body: PersonChange) {
  return unwrap(api.PATCH("/api/account", { body, headers: idempotent() }));
}

export function removeCredential(credential: string) {
  return done(api.DELETE("/api/account/credentials/{credential}", { params: { path: { credential } } }));
}

export function addWallet(chain: Chain, body: Signed) {
  return chain === "siws" ? unwrap(api.POST("/api/account/credentials/siws", { body })) : unwrap(api.POST("/api/account/credentials/siwe", { body }));
}

export function setPassword(password: string, current: string | null) {
  return done(api.PUT("/api/account/password", { body: current === null ? { password } : { password, current } }));
}

export async function addPasskey(label: string) {
  const { id, options } = await unwrap(api.POST("/api/account/passkeys/options"));
  const publicKey = decodeCreation(receiveOptions(options));
  const credential = encodeCredential(await navigator.credentials.create({ publicKey }));
  return unwrap(api.POST("/api/account/passkeys", { body: { id, credential, label } }));
}

export function beginTotp() {
  return unwrap(api.POST("/api/account/totp"));
}

export function confirmTotp(code: string) {
  return unwrap(api.POST("/api/account/totp/confirm", { body: { code } }));
}

export function removeTotp() {
  return done(api.DELETE("/api/account/totp"));
}

export function renewRecoveryCodes() {
  return unwrap(api.POST("/api/account/recovery-codes"));
}

export function closeDevice(session: string) {
  return done(api.DELETE("/api/account/sessions/{session}", { params: { path: { session } } }));
}

export interface NewKey {
  name: string;
  kind: "bearer" | "hmac" | "ed25519";
  kinds: ("read" | "trade" | "withdraw" | "admin")[];
  ips?: string[];
  expires_at?: string;
  public_key?: string;
}

export function createKey(body: NewKey) {
  return unwrap(api.POST("/api/account/keys", { body }));
}

export function removeKey(key: string) {
  return done(api.DELETE("/api/account/keys/{key}", { params: { path: { key } } }));
}

export interface NewVenueKey {
  venue: string;
  label: string;
  api_key: string;
  api_secret: string;
  passphrase?: string;
}

export function addVenueKey(body: NewVenueKey) {
  return unwrap(api.POST("/api/account/venue-keys", { body }));
}

export function removeVenueKey(key: string) {
  return done(api.DELETE("/api/account/venue-keys/{key}", { params: { path: { key } } }));
}
