// The contact form's page: one style sheet and one small module script. The server writes the pages themselves.
import { here, STATIC, shared, target } from "../vite.shared.mjs";

export const form = {
  ...shared,
  root: here("./form"),
  base: "/form/",
  build: {
    target,
    outDir: `${STATIC}/form`,
    emptyOutDir: false,
    manifest: "manifest.json",
    modulePreload: false,
    cssCodeSplit: true,
    rolldownOptions: {
      input: { form: here("./form/src/form.ts") },
      output: { entryFileNames: "assets/[name]-[hash].js", assetFileNames: "assets/[name]-[hash][extname]" },
    },
  },
};
