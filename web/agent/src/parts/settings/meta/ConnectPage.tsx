import { Button, Icon, TextField } from "@svardesk/ui";
import type { MetaApp, OfferedPage } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { useForm } from "../../../form";
import { t, tn } from "../../../i18n";
import { Step } from "./Steps";

/** The pages of whoever signed in at Meta, to choose from. */
function Offered({ pages, onConnect }: { pages: readonly OfferedPage[]; onConnect: (pageId: string) => void }) {
  if (!pages.length) return null;
  return (
    <ul class="lines" aria-label={t("meta.offered")}>
      {pages.map((page) => (
        <li key={page.page_id}>
          <Icon name="megaphone" />
          <span class="grow">
            {page.name} <span class="quiet">{page.page_id}</span>
          </span>
          <Button small kind={page.connected ? "plain" : "primary"} onClick={() => onConnect(page.page_id)}>
            {t(page.connected ? "meta.connect_again" : "meta.connect")}
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** A page is connected by signing in at Meta, or by a token that somebody has from there. */
export function ConnectPage({ of, done, again }: { of: MetaApp; done: boolean; again: () => Promise<void> }) {
  const app = useApp();
  const [offered, setOffered] = useState<readonly OfferedPage[]>([]);
  const [page, setPage] = useState("");
  const [token, setToken] = useState("");
  useEffect(() => {
    let here = true;
    app.api
      .offeredPages(of.id)
      .then((found) => here && setOffered(found))
      .catch((error) => console.warn("offered", error));
    return () => {
      here = false;
    };
  }, [app, of.id]);
  const connect = async (page_id: string, page_token?: string) => {
    const { found = 0 } = await app.api.connectPage(of.id, page_token ? { page_id, page_token } : { page_id });
    app.toasts.say(found ? tn("meta.connected_found", found) : t("meta.connected"));
    setOffered((list) => list.map((each) => (each.page_id === page_id ? { ...each, connected: true } : each)));
    await again();
  };
  const form = useForm(async () => {
    await connect(page.trim(), token.trim());
    setPage("");
    setToken("");
  });
  const signIn = () => void app.attempt(async () => location.assign((await app.api.metaSignIn(of.id)).url));
  return (
    <Step n={4} title={t("meta.step_page")} done={done}>
      <p class="quiet">{t("meta.page_hint")}</p>
      <div>
        <Button icon="key" kind={done ? "plain" : "primary"} onClick={signIn}>
          {t("meta.sign_in")}
        </Button>
      </div>
      <Offered pages={offered} onConnect={(id) => void app.attempt(() => connect(id))} />
      <details>
        <summary>{t("meta.by_token")}</summary>
        <form class="stack narrow" onSubmit={form.submit}>
          <TextField label={t("meta.page_id")} inputMode="numeric" required value={page} onValue={setPage} />
          <TextField
            label={t("meta.page_token")}
            hint={t("meta.page_token_hint")}
            type="password"
            required
            value={token}
            onValue={setToken}
            autocomplete="off"
            error={form.said}
          />
          <div>
            <Button type="submit" busy={form.busy}>
              {t("meta.connect")}
            </Button>
          </div>
        </form>
      </details>
    </Step>
  );
}
