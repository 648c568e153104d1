// Two programs: the loader that stands in the shop's pages, and the chat itself, in an iframe on our origin.
import { here, STATIC, shared, target } from "../vite.shared.mjs";

const outDir = `${STATIC}/widget`;

/** `/widget.js`: one classic script, no imports, under a name that never changes. */
export const loader = {
  ...shared,
  root: here("./widget"),
  build: {
    target,
    outDir,
    emptyOutDir: false,
    copyPublicDir: false,
    lib: {
      entry: here("./widget/src/loader/main.ts"),
      formats: ["iife"],
      name: "svardeskLoader",
      fileName: () => "widget.js",
    },
  },
};

/** The frame: one module script and one style sheet, which the server writes into the page it makes (see its manifest). */
export const frame = {
  ...shared,
  root: here("./widget"),
  base: "/widget/",
  build: {
    target,
    outDir,
    emptyOutDir: false,
    manifest: "manifest.json",
    modulePreload: false,
    cssCodeSplit: false,
    assetsInlineLimit: 4096,
    rolldownOptions: {
      input: { frame: here("./widget/src/frame/main.tsx") },
      output: {
        codeSplitting: false,
        entryFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
};
