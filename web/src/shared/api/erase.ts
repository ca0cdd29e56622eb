import { api, done } from "./client";

export function eraseAccount(confirm: string) {
  return done(api.DELETE("/api/account", { body: { confirm } }));
}

