import { Button, Icon, type MenuEntry, MenuList, Popover, TextField } from "@svardesk/ui";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "../i18n";
import { capital, clock, localInput, sendChoices, weekday } from "../time";

export interface Sending {
  close?: boolean;
  at?: Date | null;
}

interface Props {
  note: boolean;
  disabled: boolean;
  /** May the answer wait until a time? */
  later: boolean;
  onSend: (how: Sending) => void;
}

const LONGEST_DAYS = 180;

/** The button that sends, and beside it the other ways of sending. */
export function SendGroup({ note, disabled, later, onSend }: Props) {
  const [open, setOpen] = useState(false);
  const more = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  return (
    <span class="send-group">
      <Button kind="primary" icon="send" disabled={disabled} onClick={() => onSend({})}>
        {t(note ? "composer.save_note" : "composer.send")}
      </Button>
      {!note && (
        <button
          ref={more}
          type="button"
          class="btn plain"
          aria-haspopup="menu"
          aria-expanded={open}
          aria-label={t("composer.send_more")}
          disabled={disabled}
          onClick={() => setOpen(!open)}
        >
          <Icon name="down" />
        </button>
      )}
      {open && (
        <Popover anchor={more} onClose={close} align="end" label={t("composer.send_more")}>
          <Ways
            later={later}
            onSend={(how) => {
              setOpen(false);
              onSend(how);
            }}
          />
        </Popover>
      )}
    </span>
  );
}

function Ways({ later, onSend }: { later: boolean; onSend: (how: Sending) => void }) {
  const [own, setOwn] = useState(false);
  const from = new Date();
  const entries: MenuEntry[] = [
    { key: "close", label: t("composer.send_close"), icon: "check", onPick: () => onSend({ close: true }) },
  ];
  if (own) return <OwnTime from={from} onSend={onSend} />;
  if (later)
    for (const [index, choice] of sendChoices(from).entries())
      entries.push({
        key: choice.key,
        icon: "clock",
        lineBefore: index === 0,
        label: capital(t(`send_later.${choice.key}`, { day: weekday(choice.at), clock: clock(choice.at) })),
        onPick: () => onSend({ at: choice.at }),
      });
  return (
    <div role="menu" aria-label={t("composer.send_more")}>
      <MenuList
        entries={
          later
            ? [...entries, { key: "own", label: t("send_later.own"), icon: "clock", onPick: () => setOwn(true) }]
            : entries
        }
        onDone={() => undefined}
      />
    </div>
  );
}

function OwnTime({ from, onSend }: { from: Date; onSend: (how: Sending) => void }) {
  const last = new Date(from.getTime() + LONGEST_DAYS * 24 * 3_600_000);
  const [at, setAt] = useState(localInput(sendChoices(from)[0]?.at ?? from));
  const chosen = new Date(at);
  const fits = chosen > from && chosen < last;
  return (
    <form
      class="filter-box"
      onSubmit={(event) => {
        event.preventDefault();
        if (fits) onSend({ at: chosen });
      }}
    >
      <TextField
        label={t("send_later.at")}
        type="datetime-local"
        min={localInput(from)}
        value={at}
        onValue={setAt}
        error={fits ? null : t("error.bad_send_time")}
        autoFocus
      />
      <Button kind="primary" type="submit" icon="clock" disabled={!fits}>
        {t("send_later.submit")}
      </Button>
    </form>
  );
}
