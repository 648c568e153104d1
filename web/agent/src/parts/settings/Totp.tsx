import { Banner, Button, TextField } from "@svardesk/ui";
import { useState } from "preact/hooks";
import { useApp } from "../../context";
import { useForm } from "../../form";
import { t, tn } from "../../i18n";

interface Setup {
  secret: string;
  uri: string;
  qr_svg: string;
}

/** As a picture, never as markup: what the server drew cannot run here. */
const picture = (svg: string) => `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;

function Codes({ codes, onDone }: { codes: readonly string[]; onDone: () => void }) {
  const app = useApp();
  return (
    <div class="once" role="status">
      <strong>{t("totp.codes_title")}</strong>
      <p>{t("totp.codes")}</p>
      <ul class="codes">
        {codes.map((code) => (
          <li key={code}>
            <code>{code}</code>
          </li>
        ))}
      </ul>
      <div class="dialog-actions">
        <Button
          icon="copy"
          onClick={() => void app.attempt(() => navigator.clipboard.writeText(codes.join("\n")), t("done.copied"))}
        >
          {t("action.copy")}
        </Button>
        <Button kind="primary" onClick={onDone}>
          {t("totp.codes_kept")}
        </Button>
      </div>
    </div>
  );
}

function Confirm({ setup, onCodes }: { setup: Setup; onCodes: (codes: string[]) => void }) {
  const app = useApp();
  const [code, setCode] = useState("");
  const form = useForm(async () => {
    const done = await app.api.confirmTotp(code.replace(/\s/g, ""));
    app.session.totp(true);
    onCodes(done.recovery_codes);
  });
  return (
    <form class="stack" onSubmit={form.submit}>
      <p>{t("totp.scan")}</p>
      <img class="qr" src={picture(setup.qr_svg)} alt={t("totp.qr")} width={196} height={196} />
      <p>
        {t("totp.by_hand")} <code class="secret">{setup.secret}</code>
      </p>
      <TextField
        label={t("mfa.code")}
        inputMode="numeric"
        autocomplete="one-time-code"
        required
        value={code}
        onValue={setCode}
        error={form.said}
      />
      <div>
        <Button kind="primary" type="submit" busy={form.busy}>
          {t("totp.confirm")}
        </Button>
      </div>
    </form>
  );
}

/** Both ask for the password: turning it off, and new codes in place of the old ones. */
function WithPassword({ onCodes }: { onCodes: (codes: string[]) => void }) {
  const app = useApp();
  const [password, setPassword] = useState("");
  const [what, setWhat] = useState<"off" | "codes">("codes");
  const form = useForm(async () => {
    if (what === "codes") onCodes((await app.api.newRecoveryCodes(password)).recovery_codes);
    else {
      await app.api.removeTotp(password);
      app.session.totp(false);
      app.toasts.say(t("totp.off_done"));
    }
    setPassword("");
  });
  const left = app.session.me.value?.recovery_codes_left ?? 10;
  return (
    <form class="stack" onSubmit={form.submit}>
      <Banner kind={left < 3 ? "warn" : "ok"} icon="shield">
        {t("totp.on")} {tn("totp.left", left)}
      </Banner>
      <TextField
        label={t("totp.password")}
        type="password"
        autocomplete="current-password"
        required
        value={password}
        onValue={setPassword}
        error={form.said}
      />
      <div class="dialog-actions start">
        <Button type="submit" busy={form.busy && what === "codes"} onClick={() => setWhat("codes")}>
          {t("totp.new_codes")}
        </Button>
        <Button kind="danger" type="submit" busy={form.busy && what === "off"} onClick={() => setWhat("off")}>
          {t("totp.turn_off")}
        </Button>
      </div>
    </form>
  );
}

export function Totp() {
  const app = useApp();
  const [setup, setSetup] = useState<Setup | null>(null);
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const enabled = app.session.me.value?.totp_enabled ?? false;
  const begin = () => void app.attempt(async () => setSetup(await app.api.startTotp()));
  const body = codes ? (
    <Codes
      codes={codes}
      onDone={() => {
        setCodes(null);
        setSetup(null);
      }}
    />
  ) : enabled ? (
    <WithPassword onCodes={setCodes} />
  ) : setup ? (
    <Confirm setup={setup} onCodes={setCodes} />
  ) : (
    <div>
      <Button icon="shield" onClick={begin}>
        {t("totp.begin")}
      </Button>
    </div>
  );
  return (
    <section class="stack narrow">
      <h2>{t("totp.title")}</h2>
      {!enabled && !setup && <p class="quiet">{t("totp.explain")}</p>}
      {body}
    </section>
  );
}
