import { Icon } from "@svardesk/ui";
import type { PagePost, Row } from "@svardesk/wire";
import { useState } from "preact/hooks";
import { t } from "../../i18n";
import { full } from "../../time";
import { Body } from "../Body";

const FOLDED = 280;

/** The post that everything below is about; of one that is not known only its beginning. */
export function PostCard({ post, row }: { post: PagePost | null; row: Row }) {
  const [whole, setWhole] = useState(false);
  const text = post?.text || row.subject || "";
  const long = text.length > FOLDED;
  const at = post?.published_at ?? post?.scheduled_at ?? row.created_at;
  return (
    <section class="post-card" aria-label={t("post.label")}>
      <div class="post-head">
        <Icon name="megaphone" />
        <strong>{post?.own === false ? t("post.by_visitor") : (post?.page ?? t("post.label"))}</strong>
        {post?.ad && <span class="chip">{t("post.ad")}</span>}
        {post?.state === "removed" && <span class="chip">{t("post.state_removed")}</span>}
        <time dateTime={at}>{full(at)}</time>
        {post?.url && (
          <a class="post-link" href={post.url} target="_blank" rel="noopener noreferrer">
            <Icon name="external" />
            {t("post.open")}
          </a>
        )}
      </div>
      {text && <Body text={long && !whole ? `${text.slice(0, FOLDED).trimEnd()} …` : text} />}
      {long && (
        <button type="button" class="edited-mark" aria-expanded={whole} onClick={() => setWhole(!whole)}>
          {t(whole ? "post.less" : "post.more")}
        </button>
      )}
      {post?.link && <Body text={post.link} />}
    </section>
  );
}
