import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const DESK = process.env.HYDRADESK_URL ?? "http://localhost:8000";

/** The API's pages at /api/docs/swagger load these two from the desk itself, never from a CDN. */
function swagger(): Plugin {
  const folder = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  return {
    name: "swagger",
    apply: "build",
    generateBundle() {
      for (const name of ["swagger-ui-bundle.js", "swagger-ui.css", "LICENSE", "NOTICE"]) {
        this.emitFile({ type: "asset", fileName: `swagger/${name}`, source: readFileSync(path.join(folder, name)) });
      }
    },
  };
}

export default defineConfig({
  plugins: [react(), tailwindcss(), swagger()],
  build: {
    outDir: "dist",
    assetsDir: "assets",
    // A file inlined as data: would need a wider content security policy than the desk sends.
    assetsInlineLimit: 0,
    target: "es2022",
    chunkSizeWarningLimit: 600,
  },
  server: { proxy: { "/api": { target: DESK, ws: true } } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}", "eslint/**/*.test.js"],
    setupFiles: ["src/shared/lib/testSetup.ts"],
    restoreMocks: true,
  },
});
