// What every settings page needs: fetch a list, show that it loads or failed, fetch it again after a change.
import { Button, Empty, Spinner } from "@svardesk/ui";
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { errorText } from "../../errors";
import { t } from "../../i18n";

export interface Loaded<T> {
  value: T | null;
  error: unknown;
  again: () => Promise<void>;
  set: (value: T) => void;
}

export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, set] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const again = useCallback(async () => {
    try {
      set(await load());
      setError(null);
    } catch (reason) {
      setError(reason);
    }
  }, [load]);
  useEffect(() => void again(), [again]);
  return { value, error, again, set };
}

export function Loading<T>({ of, children }: { of: Loaded<T>; children: (value: T) => ComponentChildren }) {
  if (of.value !== null) return <>{children(of.value)}</>;
  if (!of.error) return <Spinner label={t("state.loading")} />;
  return (
    <Empty icon="alert" title={errorText(of.error)}>
      <Button icon="refresh" onClick={() => void of.again()}>
        {t("action.again")}
      </Button>
    </Empty>
  );
}

interface OnceProps {
  label: string;
  value: string;
  hint: string;
  /** It stands on the page from the beginning. */
  always?: boolean;
}

/** Something that is shown once: to copy, and then it is gone. Another value is another one: give it a key. */
export function Once({ label, value, hint, always }: OnceProps) {
  const [copied, setCopied] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  // It may appear far from the button that made it.
  const comes = useRef(!always);
  useEffect(() => {
    if (comes.current) box.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={box} class="once" role="status">
      <strong>{label}</strong>
      <div class="once-line">
        <code>{value}</code>
        <Button
          small
          icon={copied ? "check" : "copy"}
          onClick={() => void navigator.clipboard.writeText(value).then(() => setCopied(true))}
        >
          {t(copied ? "done.copied" : "action.copy")}
        </Button>
      </div>
      <span class="hint">{hint}</span>
    </div>
  );
}
