// The agents' app: index.html and its hashed assets, served at /app/ and /app/assets/.
import { here, STATIC, shared, target } from "../vite.shared.mjs";

export const agent = {
  ...shared,
  root: here("./agent"),
  base: "/app/",
  build: { target, outDir: `${STATIC}/agent`, emptyOutDir: false, manifest: "manifest.json", assetsInlineLimit: 0 },
};
