// What the builds of the browser programs have in common. No JSX plugin: Vite's own transform does it.
import { fileURLToPath } from "node:url";

/** The folder that the server serves from; it is part of the Python package and never committed. */
export const STATIC = fileURLToPath(new URL("../src/svardesk/static", import.meta.url));

/** @param {string} path relative to this folder */
export const here = (path) => fileURLToPath(new URL(path, import.meta.url));

export const shared = {
  configFile: false,
  envDir: false,
  logLevel: "warn",
  publicDir: false,
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: { dedupe: ["preact", "@preact/signals"] },
};

/** Browsers of the last three years or so; what they lack is not worth its bytes. */
export const target = ["chrome111", "firefox114", "safari16.4"];
