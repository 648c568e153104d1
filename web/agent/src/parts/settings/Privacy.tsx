import { Avatar, Button, Dialog, TextField } from "@svardesk/ui";
import type { Contact, PrivacyRequest } from "@svardesk/wire";
import { useCallback, useEffect, useState } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { full } from "../../time";
import { addressName } from "../words";
import { Loading, useLoaded } from "./load";

const LOOK_AGAIN_MS = 3_000;

function FindContact({ onPick }: { onPick: (contact: Contact, kind: "exports" | "erasures") => void }) {
  const app = useApp();
  const [q, setQ] = useState("");
  const [found, setFound] = useState<readonly Contact[]>([]);
  useEffect(() => {
    if (q.trim().length < 2) {
      setFound([]);
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      app.api.search(q.trim(), "contacts", undefined, abort.signal).then(
        (page) => setFound(page.contacts.slice(0, 8)),
        () => undefined,
      );
    }, 250);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [app, q]);
  return (
    <section class="stack">
      <div class="narrow">
        <TextField label={t("privacy.find")} hint={t("privacy.find_hint")} type="search" value={q} onValue={setQ} />
      </div>
      <ul class="lines">
        {found.map((contact) => (
          <li key={contact.id}>
            <Avatar id={contact.id} name={contact.name} />
            <span class="grow">
              <strong>{contact.name ?? t("contact.unnamed")}</strong>
              <span class="quiet block">{contact.identities.map(addressName).join(", ")}</span>
            </span>
            <Button small icon="download" onClick={() => onPick(contact, "exports")}>
              {t("privacy.export")}
            </Button>
            <Button small kind="danger" icon="trash" onClick={() => onPick(contact, "erasures")}>
              {t("privacy.erase")}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Request({ request }: { request: PrivacyRequest }) {
  const app = useApp();
  const by = app.directory.agent(request.requested_by)?.name;
  return (
    <li>
      <span class="grow">
        <strong>{t(request.kind === "export" ? "privacy.export" : "privacy.erase")}</strong>{" "}
        <span class={`chip state-${request.state}`}>{t(`privacy.state_${request.state}`)}</span>
        <span class="quiet block">
          {full(request.created_at)}
          {by && ` · ${by}`} · <code>{request.contact_id.slice(-8)}</code>
        </span>
        {request.error && <span class="error">{request.error}</span>}
      </span>
      {request.url && (
        <a class="btn small" href={request.url} download>
          {t("privacy.fetch")}
        </a>
      )}
    </li>
  );
}

export function Privacy() {
  const app = useApp();
  const [erase, setErase] = useState<Contact | null>(null);
  const [erased, setErased] = useState(0);
  const load = useCallback(async () => {
    const [exports, erasures] = await Promise.all([
      app.api.privacyRequests("exports"),
      app.api.privacyRequests("erasures"),
    ]);
    return [...exports, ...erasures].sort((a, b) => b.created_at.localeCompare(a.created_at));
  }, [app]);
  const requests = useLoaded(load);
  const under = requests.value?.some((request) => request.state === "queued" || request.state === "running");
  const { again } = requests;
  useEffect(() => {
    if (!under) return;
    const timer = setInterval(() => void again(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [under, again]);
  const ask = (contact: Contact, kind: "exports" | "erasures") =>
    void app
      .attempt(() => app.api.requestPrivacy(kind, contact.id), t("privacy.asked"))
      .then((done) => {
        setErase(null);
        // Who is being erased is not offered here any longer.
        if (done && kind === "erasures") setErased((count) => count + 1);
        return again();
      });
  return (
    <>
      <p class="quiet narrow">{t("privacy.explain")}</p>
      <FindContact
        key={erased}
        onPick={(contact, kind) => (kind === "erasures" ? setErase(contact) : ask(contact, kind))}
      />
      <h2>{t("privacy.requests")}</h2>
      <Loading of={requests}>
        {(list) =>
          list.length === 0 ? (
            <p class="quiet">{t("privacy.none")}</p>
          ) : (
            <ul class="lines">
              {list.map((request) => (
                <Request key={request.id} request={request} />
              ))}
            </ul>
          )
        }
      </Loading>
      {erase && (
        <Dialog
          title={t("privacy.erase_title", { name: erase.name ?? t("contact.unnamed") })}
          closeLabel={t("action.close_box")}
          onClose={() => setErase(null)}
        >
          <p>{t("privacy.erase_explain")}</p>
          <div class="dialog-actions">
            <Button onClick={() => setErase(null)}>{t("action.cancel")}</Button>
            <Button kind="danger" icon="trash" onClick={() => ask(erase, "erasures")}>
              {t("privacy.erase_confirm")}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
