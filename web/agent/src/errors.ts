// What to say when something was refused.
import { ApiError, NetworkError } from "@svardesk/wire";
import { has, t } from "./i18n";

/** A sentence a person can act on: by the error's code in their language, else as the server said it. */
export function errorText(error: unknown): string {
  if (error instanceof NetworkError) return t("error.network");
  if (error instanceof ApiError) {
    const seconds = error.retryAfter ?? Number(error.fields.retry_after ?? 60);
    const minutes = Math.ceil(seconds / 60);
    const key = `error.${error.code}`;
    // Nobody counts 3,600 seconds.
    const long = `${key}_minutes`;
    if (has(key)) return t(minutes > 2 && has(long) ? long : key, { seconds, minutes });
    if (error.message) return error.message;
    if (error.status >= 500) return t("error.server");
  }
  console.error(error);
  return t("error.unexpected");
}

/** The complaint about one field of a form, if there is one. */
export function fieldError(error: unknown, field: string): string | null {
  const said = error instanceof ApiError ? error.fields[field] : undefined;
  return typeof said === "string" ? said : null;
}
