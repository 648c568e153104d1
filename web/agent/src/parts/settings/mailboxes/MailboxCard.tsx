import { Button, Dialog, Icon, Menu, type MenuEntry } from "@svardesk/ui";
import type { HookSecret, Mailbox, MailboxHealth, MailboxState } from "@svardesk/wire";
import { useEffect, useState } from "preact/hooks";
import { useApp } from "../../../context";
import { intl, t, tn } from "../../../i18n";
import { mailboxText } from "../../../mail/words";
import { isBroken } from "../../../stores/mailboxes";
import { ago, full } from "../../../time";
import { Once } from "../load";

function Status({ box }: { box: Mailbox }) {
  const { state, config, has } = box.mailbox;
  const waits = config.provider !== "password" && !has.includes("tokens");
  const word = isBroken(state)
    ? "broken"
    : waits
      ? "unsigned"
      : state.failing_since
        ? "trouble"
        : state.status === "paused"
          ? "paused"
          : "works";
  const icon = { broken: "alert", unsigned: "key", trouble: "clock", paused: "moon", works: "check" } as const;
  return (
    <span class={`box-status ${word}`}>
      <Icon name={icon[word]} />
      {t(`mailboxes.status_${word}`)}
    </span>
  );
}

function Trouble({ state }: { state: MailboxState }) {
  return (
    <>
      {state.failing_since && (
        <div class="box-trouble" role="alert">
          <strong>{t("mailboxes.failing_since", { time: full(state.failing_since) })}</strong>
          <span>{mailboxText(state.error_code)}</span>
          {state.error && <span class="quiet">{t("mail.server_said", { said: state.error })}</span>}
        </div>
      )}
      {state.send_failing_since && (
        <div class="box-trouble" role="alert">
          <strong>{t("mailboxes.send_failing_since", { time: full(state.send_failing_since) })}</strong>
          {state.send_error && <span class="quiet">{t("mail.server_said", { said: state.send_error })}</span>}
        </div>
      )}
    </>
  );
}

function Progress({ state }: { state: MailboxState }) {
  if (!state.waiting) return null;
  const text = tn("mailboxes.waiting", state.waiting);
  return (
    <div class="box-progress">
      <span>{text}</span>
      <progress value={state.taken} max={state.taken + state.waiting} aria-label={text} />
    </div>
  );
}

function Health({ health }: { health: MailboxHealth }) {
  const number = new Intl.NumberFormat(intl());
  return (
    <div class="box-health" role="status">
      {health.checks.length === 0 && <p>{t("mailboxes.test_nothing")}</p>}
      {health.checks.map((check) => {
        const [code = "", said = ""] = (check.detail ?? "").split(/:\s*(.*)/s);
        return (
          <p key={check.name} class={check.ok ? "good" : "bad"}>
            <Icon name={check.ok ? "check" : "alert"} />
            <span>
              <strong>
                {t(`mailboxes.test_${check.name === "smtp" ? "smtp" : "imap"}_${check.ok ? "ok" : "bad"}`)}
              </strong>{" "}
              {check.ok
                ? check.name === "imap" && t("mailboxes.test_count", { n: number.format(Number(check.detail) || 0) })
                : mailboxText(code)}
              {!check.ok && said && <span class="quiet block">{t("mail.server_said", { said })}</span>}
            </span>
          </p>
        );
      })}
    </div>
  );
}

function Delete({ box, onClose }: { box: Mailbox; onClose: (deleted: boolean) => void }) {
  const app = useApp();
  const remove = () =>
    void app
      .attempt(() => app.api.deleteMailbox(box.mailbox.id), t("mailboxes.deleted"))
      .then((done) => done && onClose(true));
  return (
    <Dialog
      title={t("mailboxes.delete_title", { name: box.mailbox.name })}
      closeLabel={t("action.close_box")}
      onClose={() => onClose(false)}
    >
      <p>{t("mailboxes.delete_explain")}</p>
      <div class="dialog-actions">
        <Button onClick={() => onClose(false)}>{t("action.cancel")}</Button>
        <Button kind="danger" onClick={remove}>
          {t("mailboxes.delete")}
        </Button>
      </div>
    </Dialog>
  );
}

interface CardProps {
  box: Mailbox;
  /** Made a moment ago: it is tested without being asked. */
  fresh: boolean;
  onEdit: () => void;
  again: () => Promise<void>;
}

/** One mailbox: how it is, and what can be done with it. */
export function MailboxCard({ box, fresh, onEdit, again }: CardProps) {
  const app = useApp();
  const { id, name, config, state, has } = box.mailbox;
  const [health, setHealth] = useState<MailboxHealth | null>(null);
  const [testing, setTesting] = useState(false);
  const [hook, setHook] = useState<HookSecret | null>(null);
  const [deleting, setDeleting] = useState(false);
  const oauth = config.provider !== "password";
  const test = async () => {
    setTesting(true);
    setHealth(null);
    await app.attempt(async () => setHealth(await app.api.testMailbox(id)));
    setTesting(false);
    await again();
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, for a new one
  useEffect(() => {
    if (fresh && !oauth) void test();
  }, []);
  const signIn = () => void app.attempt(async () => location.assign((await app.api.mailboxSignIn(id)).url));
  const more: MenuEntry[] = [
    {
      key: "hook",
      label: t("mailboxes.hook_show"),
      icon: "key",
      onPick: () => void app.attempt(async () => setHook(await app.api.mailboxHook(id))),
    },
    { key: "delete", label: t("mailboxes.delete"), icon: "trash", danger: true, onPick: () => setDeleting(true) },
  ];
  return (
    <section class="box stack mailbox" aria-label={name}>
      <div class="mailbox-head">
        <Icon name="mail" />
        <div class="grow">
          <h2>{name}</h2>
          {name !== config.address && <span class="quiet">{config.address}</span>}
        </div>
        <Status box={box} />
      </div>
      <Trouble state={state} />
      <Progress state={state} />
      <p class="quiet box-facts">
        {state.looked_at ? (
          <span>{t("mailboxes.looked", { time: ago(state.looked_at) })}</span>
        ) : (
          <span>{t("mailboxes.not_looked")}</span>
        )}
        {state.arrived_at && <span>{t("mailboxes.arrived", { time: ago(state.arrived_at) })}</span>}
        {state.sent_at && <span>{t("mailboxes.sent", { time: ago(state.sent_at) })}</span>}
      </p>
      {health && <Health health={health} />}
      {hook && (
        <>
          <p class="quiet">{t("mailboxes.hook_explain")}</p>
          <Once label={t("mailboxes.hook_url")} value={hook.url} hint="" />
          <Once label={t("mailboxes.hook_secret")} value={hook.secret} hint={t("mailboxes.hook_secret_hint")} />
        </>
      )}
      <div class="dialog-actions start">
        {oauth && (
          <Button
            small
            kind={has.includes("tokens") && !isBroken(state) ? "plain" : "primary"}
            icon="key"
            onClick={signIn}
          >
            {t(`mailboxes.sign_in_${config.provider}`)}
          </Button>
        )}
        <Button small icon="refresh" busy={testing} onClick={() => void test()}>
          {t("mailboxes.test")}
        </Button>
        <Button small icon="note" onClick={onEdit}>
          {t("action.change")}
        </Button>
        <Menu label={t("mailboxes.more", { name })} icon="more" small entries={more} align="end" />
      </div>
      {deleting && (
        <Delete
          box={box}
          onClose={(deleted) => {
            setDeleting(false);
            if (deleted) void again();
          }}
        />
      )}
    </section>
  );
}
