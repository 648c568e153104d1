import { Check, SelectField } from "@svardesk/ui";
import { LOCALES, type MetaPage, type MetaPageValues } from "@svardesk/wire";
import { useApp } from "../../../context";
import { t } from "../../../i18n";
import { LANGUAGES } from "../../AuthFrame";

/** What Meta has granted, what is kept, and who gets what comes in: each takes effect at once. */
export function PageSwitches({ parts, again }: { parts: readonly MetaPage[]; again: () => Promise<void> }) {
  const app = useApp();
  const messenger = parts.find((part) => part.kind === "messenger");
  const first = messenger ?? parts[0];
  if (!first) return null;
  const set = (values: MetaPageValues, only?: MetaPage) =>
    void app
      .attempt(async () => {
        for (const part of only ? [only] : parts)
          await app.api.patchPage(part.id, { ...values, version: part.version });
      }, t("done.saved"))
      .then(again);
  return (
    <details class="meta-more">
      <summary>{t("meta.settings")}</summary>
      <div class="stack">
        {messenger && (
          <>
            <Check
              label={t("meta.human_agent")}
              hint={t("meta.human_agent_hint")}
              checked={messenger.human_agent}
              onValue={(human_agent) => set({ human_agent }, messenger)}
            />
            <Check
              label={t("meta.utility")}
              hint={t("meta.utility_hint")}
              checked={messenger.utility}
              onValue={(utility) => set({ utility }, messenger)}
            />
          </>
        )}
        <Check
          label={t("meta.keep_media")}
          hint={t("meta.keep_media_hint")}
          checked={first.keep_media}
          onValue={(keep_media) => set({ keep_media })}
        />
        {parts.map((part) => (
          <SelectField
            key={part.id}
            label={t("meta.team", { channel: t(`channel.${part.kind}`) })}
            value={part.team_id ?? ""}
            options={[
              ["", t("widgets.no_team")],
              ...app.directory.teams.value.map((each): [string, string] => [each.id, each.name]),
            ]}
            onValue={(team) => set({ team_id: team || null }, part)}
          />
        ))}
        <SelectField
          label={t("meta.locale")}
          value={first.locale}
          options={LOCALES.map((each): [string, string] => [each, LANGUAGES[each]])}
          onValue={(wanted) => set({ locale: wanted as NonNullable<MetaPageValues["locale"]> })}
        />
      </div>
    </details>
  );
}
