import { Banner, Button, Check, Dialog, Icon, TextField } from "@svardesk/ui";
import type { Team } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { errorText } from "../../errors";
import { useForm } from "../../form";
import { t, tn } from "../../i18n";
import { Loading, useLoaded } from "./load";

/** What cannot be undone is said before it is done; a refusal is said here, too, because a dialogue lies over everything else. */
function End({ team, onEnded }: { team: Team; onEnded: () => void }) {
  const app = useApp();
  const [refused, setRefused] = useState<unknown>(null);
  const end = () =>
    app.api.deleteTeam(team.id).then(() => {
      app.toasts.say(t("teams.deleted"));
      onEnded();
    }, setRefused);
  return (
    <Banner
      icon="alert"
      role="alert"
      actions={
        <Button small kind="danger" onClick={() => void end()}>
          {t("teams.delete")}
        </Button>
      }
    >
      {t("teams.delete_explain")}
      {refused !== null && <span class="error block">{errorText(refused)}</span>}
    </Banner>
  );
}

function Edit({ team, onClose }: { team: Team | null; onClose: (changed: boolean) => void }) {
  const app = useApp();
  const [name, setName] = useState(team?.name ?? "");
  const [closed, setClosed] = useState(team?.closed ?? false);
  const [ending, setEnding] = useState(false);
  const [members, setMembers] = useState<readonly string[]>(team?.member_ids ?? []);
  const form = useForm(async () => {
    const values = { name: name.trim(), closed };
    const kept = team ? await app.api.patchTeam(team.id, values) : await app.api.createTeam(values);
    const before = new Set(team?.member_ids ?? []);
    for (const id of members) if (!before.has(id)) await app.api.addMember(kept.id, id);
    for (const id of before) if (!members.includes(id)) await app.api.removeMember(kept.id, id);
    onClose(true);
  });
  return (
    <Dialog
      title={team ? t("teams.edit", { name: team.name }) : t("teams.new")}
      closeLabel={t("action.close_box")}
      onClose={() => onClose(false)}
    >
      <form class="stack" onSubmit={form.submit}>
        <TextField label={t("teams.name")} required maxLength={120} value={name} onValue={setName} error={form.said} />
        <Check label={t("teams.closed")} hint={t("teams.closed_hint")} checked={closed} onValue={setClosed} />
        <fieldset class="scroll-box">
          <legend>{t("teams.members")}</legend>
          {app.directory.active.value.map((agent) => (
            <Check
              key={agent.id}
              label={agent.name}
              checked={members.includes(agent.id)}
              onValue={(on) => setMembers(on ? [...members, agent.id] : members.filter((id) => id !== agent.id))}
            />
          ))}
        </fieldset>
        {team && ending && <End team={team} onEnded={() => onClose(true)} />}
        <div class="dialog-actions">
          {team && !ending && (
            <Button kind="danger" onClick={() => setEnding(true)}>
              {t("teams.delete")}
            </Button>
          )}
          <Button onClick={() => onClose(false)}>{t("action.cancel")}</Button>
          <Button kind="primary" type="submit" busy={form.busy}>
            {t("action.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

export function Teams() {
  const app = useApp();
  const teams = useLoaded(useCallback(() => app.api.teams(), [app]));
  const [edited, setEdited] = useState<Team | "new" | null>(null);
  const done = (changed: boolean) => {
    setEdited(null);
    if (!changed) return;
    void teams.again();
    void app.directory.load();
  };
  return (
    <>
      <p class="quiet narrow">{t("teams.explain")}</p>
      <div>
        <Button kind="primary" icon="plus" onClick={() => setEdited("new")}>
          {t("teams.new")}
        </Button>
      </div>
      <Loading of={teams}>
        {(list) => (
          <ul class="lines">
            {list.map((team) => (
              <li key={team.id}>
                <Icon name="people" />
                <span class="grow">
                  <strong>{team.name}</strong> {team.closed && <span class="chip">{t("teams.closed_mark")}</span>}
                  <span class="quiet block">{tn("teams.count", team.member_ids.length)}</span>
                </span>
                <Button small onClick={() => setEdited(team)}>
                  {t("action.change")}
                </Button>
              </li>
            ))}
          </ul>
        )}
      </Loading>
      {edited && <Edit team={edited === "new" ? null : edited} onClose={done} />}
    </>
  );
}
