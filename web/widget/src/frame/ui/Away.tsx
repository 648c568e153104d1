import { t } from "../texts";
import type { Props } from "./App";

/** Nobody is there: said plainly, with a way to be reached. */
export function Away({ chat, screen: { addressError: error, addressBusy: busy } }: Props) {
  const { store } = chat;
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const input = (event.target as HTMLFormElement)[0] as HTMLInputElement;
    const address = input.value.trim();
    if (!/^\S+@\S+\.\S{2,}$|^\+?[\d\s()-]{6,20}$/.test(address)) {
      error.value = t("widget.address_invalid");
      input.focus();
      return;
    }
    busy.value = true;
    try {
      await chat.leaveAddress(address);
    } catch {
      error.value = t("widget.address_failed");
    }
    busy.value = false;
  };
  return (
    <div class="card">
      <p>{store.awayText.value || t("widget.away_text")}</p>
      {store.addressKnown.value ? (
        <p role="status">{t("widget.address_saved")}</p>
      ) : (
        <form noValidate onSubmit={submit}>
          <label for="address">{t("widget.address")}</label>
          <div>
            <input
              id="address"
              autoComplete="email"
              maxLength={200}
              aria-invalid={error.value !== ""}
              aria-describedby="why"
            />
            <button type="submit" aria-disabled={busy.value}>
              {t("widget.save")}
            </button>
          </div>
          <small id="why" class={error.value && "failed"} role="status">
            {error.value || t("widget.address_why")}
          </small>
        </form>
      )}
    </div>
  );
}
