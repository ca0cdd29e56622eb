import { Linter } from "eslint";
import { describe, expect, it } from "vitest";

import { rooms } from "./rooms.js";

function said(file, code) {
  const linter = new Linter({ cwd: "/" });
  const config = [{ files: ["**/*.tsx"], plugins: { desk: { rules: { rooms } } }, rules: { "desk/rooms": "error" } }];
  return linter.verify(code, config, { filename: file }).map((message) => message.message);
}

describe("the law of direction bites", () => {
  it.each([
    ["/web/src/features/orders/A.tsx", 'import "../risk/B";', 'feature "orders" must not import from feature "risk".'],
    ["/web/src/features/orders/A.tsx", 'export * from "../../features/risk/B";', 'feature "orders" must not import from feature "risk".'],
    ["/web/src/features/orders/A.tsx", 'import "../../app/socket";', "a feature must not import from app."],
    ["/web/src/shared/ui/A.tsx", 'import("../../features/risk/B");', "shared must not import from features."],
  ])("%s: %s", (file, code, why) => {
    expect(said(file, code)).toEqual([why]);
  });

  it.each([
    ["/web/src/features/orders/A.tsx", 'import "./words"; import "../../shared/ui/Button"; import "react";'],
    ["/web/src/app/A.tsx", 'import "../features/risk/B"; import "../shared/api/client";'],
    ["/web/src/shared/ui/A.tsx", 'import "../lib/time";'],
  ])("%s may: %s", (file, code) => {
    expect(said(file, code)).toEqual([]);
  });
});
