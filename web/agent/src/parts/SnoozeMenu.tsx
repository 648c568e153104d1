import { Button, Icon, type MenuEntry, MenuList, Popover, TextField } from "@svardesk/ui";
import type { Row } from "@svardesk/wire";
import { useCallback, useRef, useState } from "preact/hooks";
import { useApp } from "../context";
import { t } from "../i18n";
import { snooze } from "../stores/actions";
import { capital, clock, localInput, snoozeChoices, weekday } from "../time";

export function SnoozeMenu({ row }: { row: Row }) {
  const app = useApp();
  const open = app.pickers.snooze;
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => {
    open.value = false;
  }, [open]);
  return (
    <>
      <button
        ref={button}
        type="button"
        class="btn quiet icon-only"
        aria-haspopup="menu"
        aria-expanded={open.value}
        aria-label={t("snooze.label")}
        title={t("snooze.label")}
        onClick={() => (open.value = !open.value)}
      >
        <Icon name="moon" />
      </button>
      {open.value && (
        <Popover anchor={button} onClose={close} align="end" label={t("snooze.label")}>
          <Choices row={row} onDone={close} />
        </Popover>
      )}
    </>
  );
}

function Choices({ row, onDone }: { row: Row; onDone: () => void }) {
  const app = useApp();
  const [own, setOwn] = useState(false);
  const from = new Date();
  const [at, setAt] = useState(localInput(new Date(from.getTime() + 24 * 3_600_000)));
  const until = (date: Date) => {
    onDone();
    void snooze(app, row, date);
  };
  if (own) {
    const chosen = new Date(at);
    const past = !(chosen.getTime() > Date.now());
    return (
      <form
        class="filter-box"
        onSubmit={(event) => {
          event.preventDefault();
          if (!past) until(chosen);
        }}
      >
        <TextField
          label={t("snooze.until")}
          type="datetime-local"
          min={localInput(from)}
          value={at}
          onValue={setAt}
          error={past ? t("snooze.past") : null}
          autoFocus
        />
        <Button kind="primary" type="submit" disabled={past}>
          {t("snooze.submit")}
        </Button>
      </form>
    );
  }
  const choices: MenuEntry[] = snoozeChoices(from).map((choice) => ({
    key: choice.key,
    label: capital(t(`snooze.${choice.key}`, { day: weekday(choice.at) })),
    side: choice.key === "week" ? `${weekday(choice.at)} ${clock(choice.at)}` : clock(choice.at),
    onPick: () => until(choice.at),
  }));
  const another: MenuEntry = {
    key: "own",
    label: t("snooze.own"),
    icon: "clock",
    lineBefore: true,
    stays: true,
    onPick: () => setOwn(true),
  };
  return (
    <div role="menu" aria-label={t("snooze.label")}>
      <div class="menu-head" role="presentation">
        {t("snooze.label")}
      </div>
      <MenuList entries={[...choices, another]} onDone={onDone} />
    </div>
  );
}
