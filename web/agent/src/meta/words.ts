// What Meta's refusals mean, row by row of its error table: a delivery's code in words that help (channels/meta/errors.py).
import { has, t } from "../i18n";

type Row = readonly [codes: RegExp, key: string];

// The first that fits counts.
const ROWS: readonly Row[] = [
  [/^(?:window|10\.(?:2018278|2018065|2534022))$/, "delivery.meta_window"],
  [/^(?:restricted|10\.1893063|368(?:\..*)?)$/, "delivery.meta_restricted"],
  [/^(?:10\.2018108|200\.1545041|551(?:\..*)?)$/, "delivery.meta_person"],
  [/^(?:no_recipient|100\.2018001)$/, "delivery.meta_no_person"],
  [/^100\.33$/, "delivery.meta_object"],
  [/^(?:too_large|100\.2018109)$/, "delivery.meta_too_large"],
  [/^100$/, "delivery.meta_tag"],
  [/^(?:disconnected|no_token|190(?:\..*)?)$/, "delivery.meta_token"],
  [/^10900(?:\..*)?$/, "delivery.meta_reply_used"],
  [/^10903(?:\..*)?$/, "delivery.meta_reply_impossible"],
  [/^10904(?:\..*)?$/, "delivery.meta_messages_off"],
  [/^(?:10|200|230)(?:\..*)?$/, "delivery.meta_permission"],
  [/^(?:rate|(?:4|17|32|613|80006)(?:\..*)?)$/, "delivery.meta_rate"],
  [/^(?:unreachable|(?:1|2|1200)(?:\..*)?|http\.(?:0|408|429|5\d\d))$/, "delivery.meta_temporary"],
  [/^standby$/, "delivery.meta_standby"],
  [/^template$/, "delivery.meta_template"],
];

/** Why Meta did not take an answer; null when the state says all there is to say. */
export function metaText(reason: string | null): string | null {
  if (!reason || reason === "outcome_unknown" || reason === "customer_wrote") return null;
  return t(ROWS.find(([codes]) => codes.test(reason))?.[1] ?? "delivery.meta_refused");
}

/** What is wrong with a page or the app, and what to do about it. */
export function problemText(code: string): string {
  return t(has(`meta.problem_${code}`) ? `meta.problem_${code}` : "meta.problem_other");
}
