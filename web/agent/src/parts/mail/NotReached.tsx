import { Banner } from "@svardesk/ui";
import type { Letter, Message } from "@svardesk/wire";
import { t } from "../../i18n";
import { bounceText } from "../../mail/words";

/** Which addresses a letter did not reach, and why, said as a person would. */
export function NotReached({ failed }: { failed: NonNullable<Letter["failed"]> }) {
  return (
    <ul class="mail-failed">
      {failed.map(([address, said]) => (
        <li key={address}>
          <strong>{address || t("mail.somebody")}</strong>
          <span>{bounceText(said)}</span>
          {said && <span class="quiet">{t("mail.server_said", { said })}</span>}
        </li>
      ))}
    </ul>
  );
}

/** An answer of ours that did not reach everybody; its state says whether the customer has it. */
export function NotAllReached({ message }: { message: Message }) {
  const failed = message.letter?.failed;
  if (!failed?.length) return null;
  return (
    <Banner icon="alert" kind="warn">
      <strong>{t(message.state === "failed_permanent" ? "mail.reached_nobody" : "mail.reached_not_all")}</strong>
      <NotReached failed={failed} />
    </Banner>
  );
}
