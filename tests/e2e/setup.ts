// Starts one desk for all specs: `svardesk run` on a temporary folder and a free port, with an organisation of our own.
import { execFile, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";

export interface DeskAddress {
  url: string;
  email: string;
  password: string;
}

declare module "vitest" {
  export interface ProvidedContext {
    desk: DeskAddress;
  }
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SVARDESK = join(ROOT, ".venv/bin/svardesk");
const OWNER = { email: "eva@prove.example", password: "Blåbær på tuen 42" };

async function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

async function answers(url: string, seconds: number, gone: () => string | null): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    try {
      if ((await fetch(url)).ok) return;
    } catch {
      // not listening yet
    }
    const trouble = gone();
    if (trouble !== null || Date.now() > until)
      throw new Error(`The desk did not come up at ${url}.\n${trouble ?? ""}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "svardesk-e2e-"));
  await chmod(folder, 0o755); // root hands the database to another account, which must reach its folder
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env = {
    ...process.env,
    SVARDESK_DATA: join(folder, "data"),
    PORT: `${port}`,
    SVARDESK_META_HOSTS: "127.0.0.1,localhost",
  };
  const child = spawn(SVARDESK, ["run", "--demo"], { env, cwd: ROOT });
  await mkdir(join(ROOT, "test-results"), { recursive: true });
  const log = createWriteStream(join(ROOT, "test-results/e2e-desk.log"));
  let said = "";
  let ended = false;
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data) => {
      said += data;
      log.write(data);
    });
  const end = new Promise<void>((resolve) =>
    child.once("exit", () => {
      ended = true;
      resolve();
    }),
  );
  const stop = async () => {
    child.kill("SIGTERM");
    await end;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await answers(`${url}/readyz`, 60, () => (ended ? said : null));
    const password = join(folder, "password");
    await writeFile(password, `${OWNER.password}\n`, { mode: 0o600 });
    const names = ["--organisation", "Prøvehuset", "--name", "Eva Eier", "--email", OWNER.email];
    await promisify(execFile)(SVARDESK, ["init", ...names, "--password-file", password], { env, cwd: ROOT });
  } catch (error) {
    await stop();
    throw new Error(`${(error as Error).message}\n${said}`);
  }
  project.provide("desk", { url, ...OWNER });
  return stop;
}
