import { Icon, type IconName } from "@svardesk/ui";
import type { Touch, Way } from "@svardesk/wire";
import { t } from "../i18n";

interface Came {
  icon: IconName;
  kind: "ad" | "post" | "link" | "other";
  /** What it is called, as far as the provider told. */
  name: string;
}

/** What somebody came from; every field of it may be missing. */
export function came(touch: Touch): Came {
  if (touch.ad_id || touch.ad_title || touch.source === "ADS")
    return { icon: "megaphone", kind: "ad", name: touch.ad_title ?? touch.ad_id ?? "" };
  if (touch.post_id) return { icon: "note", kind: "post", name: touch.ref ?? "" };
  if (touch.ref || touch.source === "SHORTLINK" || touch.referer)
    return { icon: "link", kind: "link", name: touch.ref ?? touch.referer ?? "" };
  return { icon: "globe", kind: "other", name: touch.source ?? "" };
}

function Line({ touch, when }: { touch: Touch; when: "first" | "last" | "only" }) {
  const { icon, kind, name } = came(touch);
  return (
    <li>
      {when !== "only" && <span class="quiet">{t(`came.${when}`)}</span>}
      <span class="chip" title={name || undefined}>
        <Icon name={icon} />
        <span class="cut">{name ? t(`came.${kind}_named`, { name }) : t(`came.${kind}`)}</span>
      </span>
      {touch.ref && kind !== "link" && touch.ref !== name && (
        <span class="chip" title={touch.ref}>
          <Icon name="link" />
          <span class="cut">{touch.ref}</span>
        </span>
      )}
    </li>
  );
}

/** Which ad, link or post brought the person here: the first time, and the last. */
export function CameFrom({ way }: { way: Way | null }) {
  const first = way?.first_touch;
  const last = way?.last_touch;
  if (!first && !last) return null;
  const same = !first || !last || JSON.stringify(first) === JSON.stringify(last);
  return (
    <section>
      <h3>{t("came.title")}</h3>
      <ul class="came">
        {same ? (
          <Line touch={(last ?? first) as Touch} when="only" />
        ) : (
          <>
            <Line touch={first} when="first" />
            <Line touch={last} when="last" />
          </>
        )}
      </ul>
    </section>
  );
}
