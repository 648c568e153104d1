// Whole journeys in a real browser: tests/e2e/**/*.spec.ts against a running desk. They lie outside this folder, so what
// they import by name is pointed to.
import { defineConfig } from "vitest/config";
import { here } from "./vite.shared.mjs";

export default defineConfig({
  root: here(".."),
  server: { fs: { allow: [here("..")] } },
  resolve: {
    alias: {
      "axe-core": here("./node_modules/axe-core/axe.js"),
      "playwright-core": here("./node_modules/playwright-core/index.mjs"),
      "vitest/node": here("./node_modules/vitest/dist/node.js"),
      vitest: here("./node_modules/vitest/dist/index.js"),
    },
  },
  test: {
    environment: "node",
    include: ["tests/e2e/**/*.spec.ts"],
    globalSetup: [here("../tests/e2e/setup.ts")],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
  },
});
