import { Banner, Button, Dialog, Empty, Icon } from "@svardesk/ui";
import type { PagePost } from "@svardesk/wire";
import { useCallback, useState } from "preact/hooks";
import { useApp } from "../../context";
import { t } from "../../i18n";
import { metaText } from "../../meta/words";
import { full } from "../../time";
import { Body } from "../Body";
import { Loading, useLoaded } from "./load";
import { PostForm } from "./PostForm";

const ICONS = {
  publishing: "clock",
  scheduled: "clock",
  published: "check",
  failed: "alert",
  unknown: "alert",
  removed: "trash",
} as const;

function State({ post }: { post: PagePost }) {
  const time = post.state === "scheduled" ? post.scheduled_at : post.state === "published" ? post.published_at : null;
  return (
    <span class={`post-state ${post.state}`}>
      <Icon name={ICONS[post.state]} />
      {time ? t(`post.state_${post.state}_at`, { time: full(time) }) : t(`post.state_${post.state}`)}
    </span>
  );
}

function Delete({ post, onClose }: { post: PagePost; onClose: (done: boolean) => void }) {
  const app = useApp();
  const remove = () =>
    void app.attempt(() => app.api.deletePost(post.id), t("post.deleted")).then((done) => onClose(done));
  return (
    <Dialog title={t("post.delete_title")} closeLabel={t("action.close_box")} onClose={() => onClose(false)}>
      <p>{t("post.delete_explain")}</p>
      <div class="dialog-actions">
        <Button onClick={() => onClose(false)}>{t("action.cancel")}</Button>
        <Button kind="danger" icon="trash" onClick={remove}>
          {t("comment.delete")}
        </Button>
      </div>
    </Dialog>
  );
}

function Post({ post, again }: { post: PagePost; again: () => Promise<void> }) {
  const app = useApp();
  const [editing, setEditing] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const author = app.directory.agent(post.agent_id)?.name;
  if (editing)
    return (
      <PostForm
        post={post}
        pages={[[post.connection_id, post.page]]}
        onDone={() => {
          setEditing(false);
          void again();
        }}
      />
    );
  return (
    <article class="box stack" aria-label={post.text.slice(0, 60)}>
      <div class="post-head">
        <strong>{post.page}</strong>
        <State post={post} />
        {author && <span class="quiet">{author}</span>}
      </div>
      {post.error && (
        <Banner kind="bad" icon="alert">
          {metaText(post.error)}
        </Banner>
      )}
      <Body text={post.text} />
      {post.link && <Body text={post.link} />}
      <div class="line-of-buttons">
        {post.conversation_id && (
          <a class="btn small" href={`/app/c/${post.conversation_id}`}>
            <Icon name="chat" />
            {t("post.comments")}
          </a>
        )}
        {post.url && (
          <a class="btn small" href={post.url} target="_blank" rel="noopener noreferrer">
            <Icon name="external" />
            {t("post.open")}
          </a>
        )}
        {post.state !== "removed" && (
          <>
            <Button small icon="note" onClick={() => setEditing(true)}>
              {t("action.change")}
            </Button>
            <Button small kind="quiet" icon="trash" onClick={() => setDeleting(true)}>
              {t("comment.delete")}
            </Button>
          </>
        )}
      </div>
      {deleting && (
        <Delete
          post={post}
          onClose={(done) => {
            setDeleting(false);
            if (done) void again();
          }}
        />
      )}
    </article>
  );
}

/** Posts of our own on the pages: written, put off, changed, taken away. */
export function Posts() {
  const app = useApp();
  const [writing, setWriting] = useState(false);
  const load = useCallback(async () => {
    const [posts, meta] = await Promise.all([
      app.api.pagePosts(),
      // Only owners may read the settings of pages; others choose among those that have posts.
      app.session.may("channels.manage") ? app.api.meta() : null,
    ]);
    const pages = new Map<string, string>();
    for (const page of meta?.pages ?? []) if (page.kind === "facebook") pages.set(page.id, page.name);
    for (const post of posts.items) pages.set(post.connection_id, post.page);
    return { posts: posts.items, pages: [...pages] };
  }, [app]);
  const loaded = useLoaded(load);
  const done = (saved: boolean) => {
    setWriting(false);
    if (saved) void loaded.again();
  };
  return (
    <Loading of={loaded}>
      {({ posts, pages }) => (
        <>
          {writing ? (
            <PostForm post={null} pages={pages} onDone={done} />
          ) : (
            <div>
              <Button kind="primary" icon="plus" disabled={!pages.length} onClick={() => setWriting(true)}>
                {t("post.new")}
              </Button>
              {!pages.length && <p class="quiet">{t("post.no_page")}</p>}
            </div>
          )}
          {posts.length === 0 && !writing ? (
            <Empty icon="megaphone" title={t("post.none")} />
          ) : (
            posts.map((post) => <Post key={post.id} post={post} again={loaded.again} />)
          )}
        </>
      )}
    </Loading>
  );
}
