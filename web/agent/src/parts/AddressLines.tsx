import { useId } from "preact/hooks";
import { t } from "../i18n";
import { answersTo } from "../stores/actions";
import type { AddressingStore } from "../stores/addressing";
import type { ThreadStore } from "../stores/thread";
import { AddressField } from "./AddressField";

function Subject({ store, shown }: { store: AddressingStore; shown: string }) {
  const id = useId();
  return (
    <div class="address-line">
      <label class="address-label" for={id}>
        {t("addressing.subject")}
      </label>
      <div class="address-field">
        <input
          id={id}
          class="address-input"
          maxLength={300}
          // biome-ignore lint/a11y/noAutofocus: opened by a press on the button that names it
          autoFocus
          placeholder={shown || t("addressing.subject_same")}
          value={store.subject.value}
          onInput={(event) => store.setSubject(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}

/** Above the text of an answer, where the channel has addresses: to whom, copies, the subject. Most need none of it. */
export function AddressLines({
  store,
  thread,
  subject,
}: {
  store: AddressingStore;
  thread: ThreadStore;
  subject: string | null;
}) {
  const to = store.to.value ?? answersTo(thread);
  const copy = store.showCopy.value;
  return (
    <div class="addressing">
      <AddressField store={store} line="to" people={to} label={t("addressing.to")}>
        <span class="address-more">
          {!copy && (
            <button type="button" class="mail-tool" onClick={() => (store.showCopy.value = true)}>
              {t("addressing.copy")}
            </button>
          )}
          {!store.showSubject.value && (
            <button type="button" class="mail-tool" onClick={() => (store.showSubject.value = true)}>
              {t("addressing.subject")}
            </button>
          )}
        </span>
      </AddressField>
      {copy && (
        <>
          <AddressField store={store} line="cc" people={store.cc.value} label={t("addressing.cc")} autoFocus />
          <AddressField store={store} line="bcc" people={store.bcc.value} label={t("addressing.bcc")} />
        </>
      )}
      {store.showSubject.value && <Subject store={store} shown={subject ?? ""} />}
    </div>
  );
}
