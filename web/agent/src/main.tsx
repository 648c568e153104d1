import { render } from "preact";
import "@svardesk/ui/tokens.css";
import "@svardesk/ui/base.css";
import "@svardesk/ui/primitives.css";
import "./styles/shell.css";
import "./styles/list.css";
import "./styles/thread.css";
import "./styles/message.css";
import "./styles/window.css";
import "./styles/comments.css";
import "./styles/mail.css";
import "./styles/filled.css";
import "./styles/panel.css";
import "./styles/pages.css";
import "./styles/mailboxes.css";
import "./styles/meta.css";
import { AppContext } from "./context";
import { firstLocale, loadLocale } from "./i18n";
import { App } from "./parts/App";
import { AppStore } from "./stores/app";
import { startClock } from "./time";

const root = document.getElementById("app");
if (root) {
  await loadLocale(firstLocale());
  startClock();
  const app = new AppStore();
  render(
    <AppContext.Provider value={app}>
      <App />
    </AppContext.Provider>,
    root,
  );
  void app.start();
}
