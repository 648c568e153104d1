// Builds what the browser gets into src/svardesk/static. `npm run build`, or better `make web`, which knows when to.
import { existsSync, rmSync } from "node:fs";
import { build } from "vite";
import { agent } from "./agent/vite.config.mjs";
import { form } from "./form/vite.config.mjs";
import { here, STATIC } from "./vite.shared.mjs";
import { frame, loader } from "./widget/vite.config.mjs";

const programs = [
  { name: "widget loader", source: "./widget/src/loader/main.ts", config: loader },
  { name: "widget frame", source: "./widget/src/frame/main.tsx", config: frame },
  { name: "contact form", source: "./form/src/form.ts", config: form },
  { name: "agent app", source: "./agent/index.html", config: agent },
];

rmSync(STATIC, { recursive: true, force: true });
await Promise.all(
  programs.map(async ({ name, source, config }) => {
    if (!existsSync(here(source))) {
      console.log(`   ${name}: no sources yet (web/${source.slice(2)})`);
      return;
    }
    const started = performance.now();
    await build(config);
    console.log(`   ${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  }),
);
