import { Icon, Spinner } from "@svardesk/ui";
import { errorText } from "../errors";
import { t } from "../i18n";
import type { ComposerStore } from "../stores/composer";
import { fileSize } from "./words";

export function Uploads({ composer }: { composer: ComposerStore }) {
  const uploads = composer.uploads.value;
  if (!uploads.length) return null;
  return (
    <ul class="uploads">
      {uploads.map((upload) => (
        <li key={upload.key} class={`upload${upload.error ? " bad" : ""}`}>
          {upload.preview ? <img src={upload.preview} alt="" /> : <Icon name="file" />}
          <span class="grow">
            <span class="upload-name">{upload.name}</span>
            {upload.error ? (
              <span class="error" role="alert">
                {errorText(upload.error)}
              </span>
            ) : (
              upload.size > 0 && <span class="side">{fileSize(upload.size)}</span>
            )}
          </span>
          {!upload.file && !upload.error && <Spinner label={t("composer.uploading")} />}
          <button
            type="button"
            class="btn quiet icon-only small"
            aria-label={t("composer.detach", { name: upload.name })}
            onClick={() => composer.detach(upload.key)}
          >
            <Icon name="close" />
          </button>
        </li>
      ))}
    </ul>
  );
}
