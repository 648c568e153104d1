import { Dialog, Icon } from "@svardesk/ui";
import type { Attachment } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { t } from "../i18n";
import { fileSize } from "./words";

/** Images small and in place, everything else as a line to download. */
export function Attachments({ files }: { files: readonly Attachment[] }) {
  const [shown, setShown] = useState<Attachment | null>(null);
  if (!files.length) return null;
  return (
    <ul class="attachments">
      {files.map((file) => (
        <li key={file.id}>
          {file.image ? (
            <button
              type="button"
              class="attachment-image"
              aria-label={t("file.enlarge", { name: file.name })}
              onClick={() => setShown(file)}
            >
              <img src={file.url} alt={file.name} loading="lazy" />
            </button>
          ) : (
            <a class="attachment-file" href={file.url} download={file.name}>
              <Icon name="file" />
              <span class="grow">{file.name}</span>
              <span class="side">{fileSize(file.size)}</span>
              <Icon name="download" />
            </a>
          )}
        </li>
      ))}
      {shown && (
        <Dialog title={shown.name} closeLabel={t("action.close_box")} onClose={() => setShown(null)} large>
          <img src={shown.url} alt={shown.name} />
          <div class="dialog-actions">
            <a class="btn" href={shown.url} download={shown.name}>
              <Icon name="download" />
              {t("file.download")} ({fileSize(shown.size)})
            </a>
          </div>
        </Dialog>
      )}
    </ul>
  );
}
