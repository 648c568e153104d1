import { Button, Empty, Spinner } from "@svardesk/ui";
import { useApp } from "../context";
import { t } from "../i18n";
import { AcceptInvitation, InvitedAgain } from "./AcceptInvitation";
import { AskReset, NewPassword } from "./ResetPassword";
import { Shell } from "./Shell";
import { SignIn } from "./SignIn";

export function App() {
  const app = useApp();
  const route = app.router.route.value;
  const state = app.session.state.value;
  if (route.page === "invitation") return state === "in" ? <InvitedAgain /> : <AcceptInvitation token={route.token} />;
  if (route.page === "password-reset") return <NewPassword token={route.token} />;
  if (route.page === "forgotten") return <AskReset />;
  if (state === "in") return <Shell />;
  if (state === "unreachable")
    return (
      <main class="whole">
        <Empty icon="alert" title={t("error.unreachable_title")}>
          <p>{t("error.unreachable")}</p>
          <Button kind="primary" icon="refresh" onClick={() => void app.session.check()}>
            {t("action.again")}
          </Button>
        </Empty>
      </main>
    );
  if (state === "unknown")
    return (
      <main class="whole">
        <Spinner label={t("state.loading")} />
      </main>
    );
  return <SignIn />;
}
