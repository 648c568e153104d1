import { Icon } from "@svardesk/ui";
import type { MetaApp } from "@svardesk/wire";
import type { ComponentChildren } from "preact";
import { t } from "../../../i18n";
import { Once } from "../load";

const PERMISSIONS = [
  "pages_show_list",
  "pages_messaging",
  "pages_manage_metadata",
  "pages_read_engagement",
  "pages_manage_engagement",
  "pages_read_user_content",
  "pages_manage_posts",
];

export function Step({
  n,
  title,
  done,
  children,
}: {
  n: number;
  title: string;
  done?: boolean;
  children: ComponentChildren;
}) {
  return (
    <section class="meta-step stack">
      <h3 class="step-title">
        <span class={`step-number${done ? " done" : ""}`}>{done ? <Icon name="check" /> : n}</span>
        {title}
        {done && <span class="hidden-visually">{t("meta.step_done")}</span>}
      </h3>
      {children}
    </section>
  );
}

/** What is pasted into Meta's app, in the order in which Meta asks for it. */
export function AtMeta({ app }: { app: MetaApp }) {
  const { webhook, verify_token, fields, redirect, data_deletion, deauthorise } = app.addresses;
  return (
    <>
      <Step n={2} title={t("meta.step_webhook")} done={app.heard_at !== null}>
        <p class="quiet">{t("meta.webhook_hint")}</p>
        <Once label={t("meta.webhook")} value={webhook} hint="" always />
        <Once label={t("meta.verify_token")} value={verify_token} hint="" always />
        <details>
          <summary>{t("meta.fields")}</summary>
          <ul class="meta-fields">
            {fields.map((field) => (
              <li key={field}>
                <code>{field}</code>
              </li>
            ))}
          </ul>
        </details>
      </Step>
      <Step n={3} title={t("meta.step_login")}>
        <p class="quiet">{t("meta.login_hint")}</p>
        <Once label={t("meta.redirect")} value={redirect} hint="" always />
        <Once label={t("meta.deauthorise")} value={deauthorise} hint="" always />
        <Once label={t("meta.data_deletion")} value={data_deletion} hint="" always />
        <details>
          <summary>{t("meta.permissions")}</summary>
          <p class="quiet">{t("meta.permissions_hint")}</p>
          <ul class="meta-fields">
            {PERMISSIONS.map((name) => (
              <li key={name}>
                <code>{name}</code>
              </li>
            ))}
          </ul>
        </details>
      </Step>
    </>
  );
}

/** What answers by itself at Meta competes with people here. */
export function Automations() {
  return (
    <Step n={5} title={t("meta.step_automations")}>
      <p>{t("meta.automations_why")}</p>
      <ol class="plain numbered">
        <li>{t("meta.automations_1")}</li>
        <li>{t("meta.automations_2")}</li>
        <li>{t("meta.automations_3")}</li>
      </ol>
      <div>
        <a
          class="btn small"
          href="https://business.facebook.com/latest/inbox/automations"
          target="_blank"
          rel="noopener noreferrer"
        >
          <Icon name="external" />
          {t("meta.automations_open")}
        </a>
      </div>
    </Step>
  );
}
