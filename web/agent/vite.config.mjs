// The agents' app: index.html and its hashed assets, served at / and /assets/.
import { here, STATIC, shared, target } from "../vite.shared.mjs";

export const agent = {
  ...shared,
  root: here("./agent"),
  base: "/",
  build: { target, outDir: `${STATIC}/agent`, emptyOutDir: false, manifest: "manifest.json", assetsInlineLimit: 4096 },
};
