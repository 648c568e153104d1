import { defineConfig } from "vitest/config";
import { shared } from "./vite.shared.mjs";

export default defineConfig({
  oxc: shared.oxc,
  resolve: shared.resolve,
  // tests compare with the catalogues, which lie beside the Python code
  server: { fs: { allow: [".."] } },
  test: {
    environment: "happy-dom",
    include: ["{packages/*,widget,agent}/{src,tests}/**/*.test.{ts,tsx}"],
    restoreMocks: true,
    unstubGlobals: true,
    testTimeout: 10_000,
    allowOnly: false,
    maxWorkers: 2,
  },
});
