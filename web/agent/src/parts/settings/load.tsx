// What every settings page needs: fetch a list, show that it loads or failed, fetch it again after a change.
import { Button, Empty, Spinner } from "@svardesk/ui";
import type { ComponentChildren } from "preact";
import { useCallback, useEffect, useState } from "preact/hooks";
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

/** Something that is shown once: to copy, and then it is gone. */
export function Once({ label, value, hint }: { label: string; value: string; hint: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <div class="once" role="status">
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
