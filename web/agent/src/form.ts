// What every form needs: send once, show what was refused.
import { useCallback, useState } from "preact/hooks";
import { errorText } from "./errors";

export interface FormState {
  busy: boolean;
  error: unknown;
  /** The error as a sentence, null when there is none. */
  said: string | null;
  submit: (event: SubmitEvent) => void;
}

export function useForm(work: () => Promise<unknown>): FormState {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = useCallback(
    (event: SubmitEvent) => {
      event.preventDefault();
      if (busy) return;
      setBusy(true);
      setError(null);
      work()
        .catch(setError)
        .finally(() => setBusy(false));
    },
    [busy, work],
  );
  return { busy, error, said: error ? errorText(error) : null, submit };
}
