import { Avatar, Menu, type MenuEntry } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";

export function ProfileMenu() {
  const app = useApp();
  const me = app.session.me.value;
  if (!me) return null;
  const { agent } = me;
  const online = agent.availability === "online";
  const available = (availability: "online" | "away"): MenuEntry => ({
    key: availability,
    label: t(`availability.${availability}`),
    checked: agent.availability === availability,
    onPick: () => void app.attempt(() => app.session.setAvailability(availability)),
  });
  const entries: MenuEntry[] = [
    available("online"),
    available("away"),
    {
      key: "profile",
      label: t("settings.profile"),
      icon: "person",
      lineBefore: true,
      onPick: () => app.router.go({ page: "settings", section: "profile" }),
    },
    { key: "help", label: t("help.title"), icon: "keyboard", side: "?", onPick: () => (app.overlay.value = "help") },
    { key: "out", label: t("me.sign_out"), icon: "leave", lineBefore: true, onPick: () => void signOut() },
  ];
  const signOut = async () => {
    const waiting = app.delivery.entries.value.length;
    if (waiting > 0 && !confirm(t("me.unsent"))) return;
    await app.composer.value?.flush();
    await app.attempt(() => app.session.signOut());
  };
  return (
    <div class="profile">
      <Menu label={t("me.menu", { name: agent.name })} entries={entries} worded>
        <Avatar id={agent.id} name={agent.name} online={online} />
        <span class="profile-text">
          <span class="profile-name">{agent.name}</span>
          <span class="profile-state">{t(`availability.${agent.availability}`)}</span>
          <span class="hidden-visually">{t("me.menu", { name: agent.name })}</span>
        </span>
      </Menu>
    </div>
  );
}
