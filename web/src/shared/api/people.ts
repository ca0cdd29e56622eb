import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";

import { decodeCreation, encodeCredential, receiveOptions } from "../lib/webauthn";
import { api, done, idempotent, raw, unwrap } from "./client";
import type { Chain, Signed } from "./signIn";
import type { Person, Preferences } from "./types";

/** A person's own account: every read and every write of the pages under /account. */
const ROWS_PER_PAGE = 50;
const first = null as string | null;
const after = (page: { next: string | null }): string | null => page.next;

export function paged(cursor: string | null, limit = ROWS_PER_PAGE): { limit: number; cursor?: string } {
  return cursor === null ? { limit } : { limit, cursor };
}

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

export const kycQuery = queryOptions({
  queryKey: ["kyc"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/kyc", { signal })),
});

export const addressesQuery = queryOptions({
  queryKey: ["addresses"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/account/addresses", { signal })),
});

export const riskProfileQuery = queryOptions({
  queryKey: ["risk-profile"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/risk/profile", { signal })),
});

export const ownAuditQuery = infiniteQueryOptions({
  queryKey: ["audit", "own"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/account/audit", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: first,
  getNextPageParam: after,
});

export const withdrawalsQuery = infiniteQueryOptions({
  queryKey: ["withdrawals"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/portfolio/withdrawals", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: first,
  getNextPageParam: after,
  // Its delay runs on the server's clock; nobody tells the page when it is over.
  refetchInterval: 15_000,
});

export const subscriptionsQuery = queryOptions({
  queryKey: ["subscriptions"],
  queryFn: ({ signal }) => unwrap(api.GET("/api/webhooks/subscriptions", { signal })),
});

export const deliveriesQuery = infiniteQueryOptions({
  queryKey: ["deliveries"],
  queryFn: ({ pageParam, signal }) => unwrap(api.GET("/api/webhooks/deliveries", { params: { query: paged(pageParam) }, signal })),
  initialPageParam: first,
  getNextPageParam: after,
  refetchInterval: 10_000,
});

export interface PersonChange {
  name?: string;
  email?: string;
  risk_level?: Person["risk_level"];
  preferences?: Preferences;
}

export function changePerson(body: PersonChange) {
  return unwrap(api.PATCH("/api/account", { body, headers: idempotent() }));
}

export interface LimitsChange {
  order_max?: string;
  gross_max?: string;
  daily_loss_max?: string;
  risk_per_trade?: string;
}

export function changeRiskProfile(body: LimitsChange) {
  return unwrap(api.PUT("/api/risk/profile", { body, headers: idempotent() }));
}

export function removeCredential(credential_id: string) {
  return done(api.DELETE("/api/account/credentials/{credential_id}", { params: { path: { credential_id } } }));
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

export async function uploadDocument(kind: string, file: File): Promise<void> {
  const query = new URLSearchParams({ kind, name: file.name });
  await raw(`/api/account/kyc/documents?${query.toString()}`, { method: "POST", body: file, headers: { "Content-Type": file.type, ...idempotent() } });
}

export function submitKyc(level: number) {
  return unwrap(api.POST("/api/account/kyc", { body: { level }, headers: idempotent() }));
}

export function addAddress(body: { asset: string; address: string; label: string }) {
  return unwrap(api.POST("/api/account/addresses", { body, headers: idempotent() }));
}

export function removeAddress(address_id: string) {
  return done(api.DELETE("/api/account/addresses/{address_id}", { params: { path: { address_id } } }));
}

export function requestWithdrawal(body: { asset: string; qty: string; address_id: string }, key: string) {
  return unwrap(api.POST("/api/portfolio/withdrawals", { body, headers: idempotent(key) }));
}

export function cancelWithdrawal(withdrawal_id: string) {
  return done(api.DELETE("/api/portfolio/withdrawals/{withdrawal_id}", { params: { path: { withdrawal_id } }, headers: idempotent() }));
}

export function addSubscription(body: { url: string; events: ("orders" | "fills" | "signals" | "positions" | "withdrawals" | "security")[]; description?: string }) {
  return unwrap(api.POST("/api/webhooks/subscriptions", { body }));
}

export function changeSubscription(subscription_id: string, enabled: boolean) {
  return unwrap(api.PATCH("/api/webhooks/subscriptions/{subscription_id}", { params: { path: { subscription_id } }, body: { enabled } }));
}

export function removeSubscription(subscription_id: string) {
  return done(api.DELETE("/api/webhooks/subscriptions/{subscription_id}", { params: { path: { subscription_id } } }));
}

export function rotateSubscription(subscription_id: string) {
  return unwrap(api.POST("/api/webhooks/subscriptions/{subscription_id}/rotate", { params: { path: { subscription_id } } }));
}

export function testSubscription(subscription_id: string) {
  return unwrap(api.POST("/api/webhooks/subscriptions/{subscription_id}/test", { params: { path: { subscription_id } } }));
}

export function replayDelivery(delivery_id: string) {
  return unwrap(api.POST("/api/webhooks/deliveries/{delivery_id}/replay", { params: { path: { delivery_id } } }));
}

export function eraseAccount(confirm: string) {
  return done(api.DELETE("/api/account", { body: { confirm } }));
}
