import { Avatar, Button, Menu, type MenuEntry } from "@svardesk/ui";
import type { Agent, Role } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { date } from "../../time";
import { Invite } from "./Invite";
import { Loading, Once, useLoaded } from "./load";

const ROLES: readonly Role[] = ["owner", "lead", "agent", "observer"];

function Line({ agent, onLink, again }: { agent: Agent; onLink: (url: string) => void; again: () => void }) {
  const app = useApp();
  const self = agent.id === app.session.me.value?.agent.id;
  const change = (patch: { role?: Role; archived?: boolean }) =>
    void app.attempt(async () => {
      await app.api.patchAgent(agent.id, patch);
      await app.directory.load();
      again();
    }, t("done.saved"));
  const entries: MenuEntry[] = [
    ...ROLES.map((role) => ({
      key: role,
      label: t(`role.${role}`),
      checked: agent.role === role,
      onPick: () => change({ role }),
    })),
    {
      key: "reset",
      label: t("agents.reset"),
      icon: "key",
      lineBefore: true,
      onPick: () => void app.attempt(async () => onLink((await app.api.createResetLink(agent.id)).url)),
    },
  ];
  if (agent.totp_enabled)
    entries.push({
      key: "totp",
      label: t("agents.end_totp"),
      icon: "shield",
      onPick: () => void app.attempt(() => app.api.endTotpOf(agent.id).then(again), t("totp.off_done")),
    });
  entries.push({
    key: "archive",
    label: t(agent.archived_at ? "agents.restore" : "agents.archive"),
    icon: agent.archived_at ? "reopen" : "archive",
    danger: !agent.archived_at,
    onPick: () => change({ archived: !agent.archived_at }),
  });
  return (
    <li class={agent.archived_at ? "faded" : ""}>
      <Avatar id={agent.id} name={agent.name} online={agent.online} />
      <span class="grow">
        <strong>{agent.name}</strong> {self && <span class="chip">{t("agents.you")}</span>}
        {agent.archived_at && <span class="chip">{t("agents.archived")}</span>}
        <span class="quiet block">{agent.email}</span>
      </span>
      <span class="quiet role">{t(`role.${agent.role}`)}</span>
      {!self && <Menu label={t("agents.change", { name: agent.name })} icon="more" entries={entries} align="end" />}
    </li>
  );
}

function Invitations({ version }: { version: number }) {
  const app = useApp();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new invitation makes the list be read again
  const invitations = useLoaded(useCallback(() => app.api.invitations(), [app, version]));
  return (
    <Loading of={invitations}>
      {(list) =>
        list.length > 0 && (
          <section class="stack">
            <h2>{t("invitations.open")}</h2>
            <ul class="lines">
              {list.map((invitation) => (
                <li key={invitation.id}>
                  <span class="grow">
                    <strong>{invitation.email}</strong>
                    <span class="quiet block">{t("invitations.until", { date: date(invitation.expires_at) })}</span>
                  </span>
                  <span class="quiet">{t(`role.${invitation.role}`)}</span>
                  <Button
                    small
                    onClick={() =>
                      void app.attempt(async () => {
                        await app.api.withdrawInvitation(invitation.id);
                        await invitations.again();
                      })
                    }
                  >
                    {t("invitations.withdraw")}
                  </Button>
                </li>
              ))}
            </ul>
          </section>
        )
      }
    </Loading>
  );
}

export function Agents() {
  const app = useApp();
  const agents = useLoaded(useCallback(() => app.api.agents(), [app]));
  const [link, setLink] = useState<string | null>(null);
  const [version, setVersion] = useState(0);
  return (
    <>
      <Invite onInvited={() => setVersion(version + 1)} />
      {link && <Once key={link} label={t("agents.reset_link")} value={link} hint={t("agents.reset_hint")} />}
      <Loading of={agents}>
        {(list) => (
          <ul class="lines">
            {list.map((agent) => (
              <Line key={agent.id} agent={agent} onLink={setLink} again={() => void agents.again()} />
            ))}
          </ul>
        )}
      </Loading>
      <Invitations version={version} />
    </>
  );
}
