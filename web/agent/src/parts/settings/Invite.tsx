import { Button, Check, SelectField, TextField } from "@svardesk/ui";
import type { Role } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t } from "../../i18n";
import { Once } from "./load";

/** Makes a link that the owner passes on; it is shown this once. */
export function Invite({ onInvited }: { onInvited: () => void }) {
  const app = useApp();
  const [open, setOpen] = useState(false);
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("agent");
  const [teams, setTeams] = useState<readonly string[]>([]);
  const [url, setUrl] = useState<string | null>(null);
  const form = useForm(async () => {
    const made = await app.api.invite(email.trim(), role, [...teams]);
    setUrl(made.url);
    setEmail("");
    onInvited();
  });
  if (!open)
    return (
      <div>
        <Button kind="primary" icon="plus" onClick={() => setOpen(true)}>
          {t("invitations.invite")}
        </Button>
      </div>
    );
  const roles: [Role, string][] = (["owner", "lead", "agent", "observer"] as const).map((each) => [
    each,
    t(`role.${each}`),
  ]);
  return (
    <form class="stack narrow box" onSubmit={form.submit}>
      <TextField
        label={t("signin.email")}
        type="email"
        required
        autoFocus
        value={email}
        onValue={setEmail}
        error={form.said}
      />
      <SelectField
        label={t("role.label")}
        hint={t(`role.${role}_hint`)}
        value={role}
        options={roles}
        onValue={setRole}
      />
      {app.directory.teams.value.length > 0 && (
        <fieldset>
          <legend>{t("settings.teams")}</legend>
          {app.directory.teams.value.map((team) => (
            <Check
              key={team.id}
              label={team.name}
              checked={teams.includes(team.id)}
              onValue={(on) => setTeams(on ? [...teams, team.id] : teams.filter((id) => id !== team.id))}
            />
          ))}
        </fieldset>
      )}
      <div class="dialog-actions">
        <Button onClick={() => setOpen(false)}>{t("action.cancel")}</Button>
        <Button kind="primary" type="submit" busy={form.busy}>
          {t("invitations.make")}
        </Button>
      </div>
      {url && <Once key={url} label={t("invitations.link")} value={url} hint={t("invitations.link_hint")} />}
    </form>
  );
}
