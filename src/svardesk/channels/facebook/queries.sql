-- name: comment
-- A comment by the provider's name, locked.
SELECT comment_id, post_id, parent_id, message_id, conversation_id, ours, hidden, hidden_at, liked, removed_at, state, answer_id,
    private_id, written_at
FROM facebook_comments
WHERE account_id = :account_id AND connection_id = :connection_id AND comment_id = :comment_id
FOR NO KEY UPDATE;

-- name: comment_of_message
-- The comment that a message is, locked, with the connection that it came by.
SELECT connection_id, comment_id, post_id, parent_id, message_id, conversation_id, contact_id, ours, hidden, liked, removed_at,
    state, answer_id, private_id, written_at, comment_id = post_id AS is_post
FROM facebook_comments
WHERE account_id = :account_id AND message_id = :message_id
FOR NO KEY UPDATE;

-- name: keep_comment
-- A comment came in. What was told of it before (hidden, removed) stays.
INSERT INTO facebook_comments (account_id, connection_id, comment_id, post_id, parent_id, message_id, conversation_id, contact_id,
    ours, state, proposed, written_at, came_at)
SELECT :account_id, :connection_id, :comment_id, :post_id, :parent_id, m.id, m.conversation_id,
    CASE WHEN m.author_kind = 'contact' THEN m.author_id END, :ours, :state, :proposed, :written_at, :now
FROM messages m WHERE m.account_id = :account_id AND m.id = :message_id
ON CONFLICT (account_id, connection_id, comment_id) DO UPDATE SET parent_id = EXCLUDED.parent_id,
    message_id = EXCLUDED.message_id, conversation_id = EXCLUDED.conversation_id, contact_id = EXCLUDED.contact_id,
    ours = EXCLUDED.ours, state = EXCLUDED.state, proposed = EXCLUDED.proposed, written_at = EXCLUDED.written_at,
    came_at = EXCLUDED.came_at
WHERE facebook_comments.message_id IS NULL
RETURNING hidden;

-- name: set_removed
-- A comment was taken away, perhaps before we heard of it; the answers below it went with it.
INSERT INTO facebook_comments (account_id, connection_id, comment_id, post_id, removed_at, written_at, came_at)
VALUES (:account_id, :connection_id, :comment_id, :post_id, :at, :at, :now)
ON CONFLICT (account_id, connection_id, comment_id) DO UPDATE SET removed_at = coalesce(facebook_comments.removed_at, :at)
RETURNING message_id, conversation_id;

-- name: remove_below
-- The answers below a comment that was taken away.
UPDATE facebook_comments SET removed_at = :at
WHERE account_id = :account_id AND connection_id = :connection_id AND parent_id = :comment_id AND removed_at IS NULL
RETURNING message_id, conversation_id;

-- name: remove_of_post
-- Everything below a post that was taken away.
UPDATE facebook_comments SET removed_at = :at
WHERE account_id = :account_id AND connection_id = :connection_id AND post_id = :post_id AND removed_at IS NULL
RETURNING message_id, conversation_id;

-- name: set_hidden
-- A comment was hidden or shown again; older news than what is known changes nothing.
INSERT INTO facebook_comments (account_id, connection_id, comment_id, post_id, hidden, hidden_at, written_at, came_at)
VALUES (:account_id, :connection_id, :comment_id, :post_id, :hidden, :at, :at, :now)
ON CONFLICT (account_id, connection_id, comment_id) DO UPDATE SET hidden = :hidden, hidden_at = :at
WHERE coalesce(facebook_comments.hidden_at, '-infinity') <= :at
RETURNING message_id;

-- name: below
-- Messages that stand below a comment, where they came before it.
SELECT message_id FROM facebook_comments
WHERE account_id = :account_id AND connection_id = :connection_id AND parent_id = :comment_id AND message_id IS NOT NULL;

-- name: waits_since
-- Since when the first of those waits whose comments are open.
SELECT min(came_at) AS since FROM facebook_comments
WHERE account_id = :account_id AND conversation_id = :conversation_id AND state = 'open' AND removed_at IS NULL AND NOT ours;

-- name: set_state
-- What is to be done about a comment, and by which answer it was done.
UPDATE facebook_comments SET state = :state, answer_id = :answer_id, proposed = NULL
WHERE account_id = :account_id AND message_id = :message_id AND (state, answer_id) IS DISTINCT FROM (:state, :answer_id::uuid)
RETURNING conversation_id;

-- name: set_liked
-- The page likes a comment, or does not any more.
UPDATE facebook_comments SET liked = :liked WHERE account_id = :account_id AND message_id = :message_id;

-- name: set_private
-- The one private reply to a comment, or none.
UPDATE facebook_comments SET private_id = :private_id
WHERE account_id = :account_id AND message_id = :message_id;

-- name: answers_of
-- Comments that were answered by some messages, and what became of those.
SELECT f.message_id, f.conversation_id, f.state, f.answer_id, f.private_id, f.written_at, f.connection_id, m.id AS sent_id,
    m.state AS sent_state, m.details->>'private' IS NOT NULL AS private
FROM facebook_comments f
JOIN messages m ON m.account_id = f.account_id AND m.id IN (f.answer_id, f.private_id)
WHERE f.account_id = :account_id AND (f.answer_id = ANY(:ids) OR f.private_id = ANY(:ids)) AND m.id = ANY(:ids)
    AND f.removed_at IS NULL
FOR NO KEY UPDATE OF f;

-- name: latest_open
-- The comment that an answer without a named one is taken for: a visitor's post, or the only one that is open.
SELECT message_id FROM facebook_comments
WHERE account_id = :account_id AND conversation_id = :conversation_id AND removed_at IS NULL AND state = 'open'
    AND comment_id = post_id;

-- name: outgoing
-- An answer on its way out: which comment it is to, and of which post.
SELECT m.details->>'private' IS NOT NULL AS private, f.comment_id, f.post_id, f.removed_at, f.written_at, f.private_id,
    c.external_thread_key AS thread,
    ARRAY(SELECT d.external_id FROM deliveries d WHERE d.account_id = m.account_id
        AND d.conversation_id = m.conversation_id AND d.external_id IS NOT NULL) AS known
FROM messages m
JOIN conversations c ON c.account_id = m.account_id AND c.id = m.conversation_id
LEFT JOIN facebook_comments f ON f.account_id = m.account_id AND f.message_id = (m.details->>'reply_to')::uuid
WHERE m.account_id = :account_id AND m.id = :message_id;

-- name: under_way
-- Whether an answer of ours with these words is on its way to a post, and whether one already has that name.
SELECT bool_or(d.external_id = :external_id) AS known,
    bool_or(d.state IN ('sending', 'unknown') AND m.body = :body) AS under_way
FROM conversations c
JOIN deliveries d ON d.account_id = c.account_id AND d.conversation_id = c.id
JOIN messages m ON m.account_id = d.account_id AND m.id = d.message_id
WHERE c.account_id = :account_id AND c.connection_id = :connection_id AND c.external_thread_key = :thread
    AND c.archived_at IS NULL;

-- name: parent_message
-- The message of a comment that another one stands below.
SELECT message_id FROM facebook_comments
WHERE account_id = :account_id AND connection_id = :connection_id AND comment_id = :comment_id AND removed_at IS NULL;

-- name: sibling
-- The other connection of a page: the one that carries what is said in private.
SELECT o.id, o.account_id, o.kind, o.brand_id, o.team_id
FROM connections c
JOIN connections o ON o.account_id = c.account_id AND o.id <> c.id AND o.archived_at IS NULL
    AND o.config->>'page_id' = c.config->>'page_id' AND o.config->>'app' IS NOT DISTINCT FROM c.config->>'app'
WHERE c.account_id = :account_id AND c.id = :id
ORDER BY o.created_at LIMIT 1;

-- name: private_of
-- A private reply: the comment that it answers, who wrote it and to whom.
SELECT f.message_id AS comment_message_id, f.conversation_id, f.contact_id, f.post_id, f.comment_id, m.author_id AS agent_id,
    c.locale, p.name, p.locale AS contact_locale, m.details->'link' AS link
FROM facebook_comments f
JOIN messages m ON m.account_id = f.account_id AND m.id = f.private_id
JOIN conversations c ON c.account_id = f.account_id AND c.id = f.conversation_id
LEFT JOIN contacts p ON p.account_id = f.account_id AND p.id = f.contact_id
WHERE f.account_id = :account_id AND f.private_id = :message_id
FOR NO KEY UPDATE OF f;

-- name: may_see_comment
-- The comment of a message, if the agent may see its conversation.
SELECT f.message_id FROM facebook_comments f
JOIN conversations c ON c.account_id = f.account_id AND c.id = f.conversation_id
WHERE f.account_id = :account_id AND f.message_id = :message_id AND c.archived_at IS NULL
    AND (c.team_id IS NULL OR c.assignee_id = :agent_id OR NOT (c.team_id = ANY(:hidden_team_ids)));

-- name: know_post
-- A post that somebody wrote below, or whose author is a visitor; what is known of it already stays.
INSERT INTO facebook_posts (account_id, id, connection_id, post_id, own, ad, body, picture, permalink, state, message_id, due_at,
    published_at, created_at)
VALUES (:account_id, :id, :connection_id, :post_id, :own, :ad, :body, :picture, :permalink, 'published', :message_id, :due_at,
    :at, :at)
ON CONFLICT (account_id, connection_id, post_id) DO UPDATE SET
    ad = facebook_posts.ad OR EXCLUDED.ad,
    permalink = coalesce(facebook_posts.permalink, EXCLUDED.permalink),
    message_id = coalesce(facebook_posts.message_id, EXCLUDED.message_id)
WHERE (NOT facebook_posts.ad AND EXCLUDED.ad) OR (facebook_posts.permalink IS NULL AND EXCLUDED.permalink IS NOT NULL)
    OR (facebook_posts.message_id IS NULL AND EXCLUDED.message_id IS NOT NULL)
RETURNING id;

-- name: told_post
-- The page itself posted something, or changed it, with whatever program; older news changes nothing.
INSERT INTO facebook_posts (account_id, id, connection_id, post_id, own, body, link, picture, state, published_at, told_at, due_at,
    created_at)
VALUES (:account_id, :id, :connection_id, :post_id, true, coalesce(:body, ''), :link, :picture,
    CASE WHEN :published THEN 'published' ELSE 'scheduled' END, CASE WHEN :published THEN :at::timestamptz END, :at,
    CASE WHEN :body::text IS NULL THEN :now::timestamptz END, :at)
ON CONFLICT (account_id, connection_id, post_id) DO UPDATE SET own = true,
    body = CASE WHEN :body::text IS NULL THEN facebook_posts.body ELSE :body END,
    link = coalesce(EXCLUDED.link, facebook_posts.link), picture = coalesce(EXCLUDED.picture, facebook_posts.picture),
    state = CASE WHEN facebook_posts.state = 'removed' THEN 'removed' WHEN :published THEN 'published'
        ELSE facebook_posts.state END,
    published_at = CASE WHEN :published THEN coalesce(facebook_posts.published_at, :at) ELSE facebook_posts.published_at END,
    told_at = :at, version = facebook_posts.version + 1
WHERE coalesce(facebook_posts.told_at, '-infinity') <= :at
RETURNING id, body;

-- name: post_gone
-- A post was taken away.
UPDATE facebook_posts SET state = 'removed', due_at = NULL, version = version + 1
WHERE account_id = :account_id AND connection_id = :connection_id AND post_id = :post_id AND state <> 'removed'
RETURNING id;

-- name: post_text
-- What is known of a post.
SELECT body, own FROM facebook_posts
WHERE account_id = :account_id AND connection_id = :connection_id AND post_id = :post_id;

-- name: thread_of_post
-- The conversation below a post.
SELECT c.id FROM conversations c
WHERE c.account_id = :account_id AND c.connection_id = :connection_id AND c.external_thread_key = :post_id
    AND c.archived_at IS NULL;

-- name: page_post
-- One post as it is shown.
SELECT p.id, p.connection_id, n.name AS page, p.own, p.ad, p.body AS text, p.link, p.picture, p.permalink AS url, p.state,
    p.scheduled_at, p.published_at, p.agent_id, p.error, p.version, p.created_at, p.post_id, p.client_id,
    (SELECT c.id FROM conversations c WHERE c.account_id = p.account_id AND c.connection_id = p.connection_id
        AND c.external_thread_key = p.post_id AND c.archived_at IS NULL) AS conversation_id
FROM facebook_posts p
JOIN connections n ON n.account_id = p.account_id AND n.id = p.connection_id
WHERE p.account_id = :account_id AND p.id = :id;

-- name: post_of_thread
-- The post that a conversation stands below.
SELECT p.id FROM conversations c
JOIN facebook_posts p ON p.account_id = c.account_id AND p.connection_id = c.connection_id AND p.post_id = c.external_thread_key
WHERE c.account_id = :account_id AND c.id = :conversation_id;

-- name: page_posts
-- Posts of our own, the newest first.
SELECT p.id, p.connection_id, n.name AS page, p.own, p.ad, p.body AS text, p.link, p.picture, p.permalink AS url, p.state,
    p.scheduled_at, p.published_at, p.agent_id, p.error, p.version, p.created_at,
    (SELECT c.id FROM conversations c WHERE c.account_id = p.account_id AND c.connection_id = p.connection_id
        AND c.external_thread_key = p.post_id AND c.archived_at IS NULL) AS conversation_id
FROM facebook_posts p
JOIN connections n ON n.account_id = p.account_id AND n.id = p.connection_id
WHERE p.account_id = :account_id AND p.own
    AND (:connection_id::uuid IS NULL OR p.connection_id = :connection_id)
    AND (:state::text IS NULL OR p.state = :state)
    AND (:before_at::timestamptz IS NULL OR (p.created_at, p.id) < (:before_at, :before_id))
ORDER BY p.created_at DESC, p.id DESC LIMIT :limit;

-- name: hold_post
-- One post that is to change, locked.
SELECT id, connection_id, post_id, own, body, link, state, scheduled_at, published_at, version, due_at, looks, created_at
FROM facebook_posts WHERE account_id = :account_id AND id = :id
FOR NO KEY UPDATE;

-- name: post_by_client
-- What somebody made with this client id.
SELECT id FROM facebook_posts WHERE account_id = :account_id AND agent_id = :agent_id AND client_id = :client_id;

-- name: add_post
-- A post of our own that is about to be handed over.
INSERT INTO facebook_posts (account_id, id, connection_id, own, body, link, state, scheduled_at, agent_id, client_id, due_at,
    created_at)
VALUES (:account_id, :id, :connection_id, true, :body, :link, 'publishing', :scheduled_at, :agent_id, :client_id, :due_at, :now)
ON CONFLICT (account_id, agent_id, client_id) WHERE client_id IS NOT NULL DO NOTHING
RETURNING id;

-- name: drop_twin
-- The webhook was faster than the answer: what it wrote down of our post goes, its own row takes the name.
DELETE FROM facebook_posts
WHERE account_id = :account_id AND connection_id = :connection_id AND post_id = :post_id AND id <> :id AND agent_id IS NULL
RETURNING body, picture, permalink, published_at;

-- name: settle_post
-- What became of a post of our own.
UPDATE facebook_posts SET state = :state, post_id = coalesce(:post_id, post_id), body = coalesce(:body, body),
    scheduled_at = :scheduled_at, published_at = coalesce(:published_at, published_at), permalink = coalesce(:permalink, permalink),
    error = :error, due_at = :due_at, looks = :looks, version = version + 1
WHERE account_id = :account_id AND id = :id;

-- name: looked_at
-- The page was asked about a post: its text, address and picture.
UPDATE facebook_posts SET body = coalesce(:body, body), permalink = coalesce(:permalink, permalink),
    picture = coalesce(:picture, picture), own = coalesce(:own, own), due_at = NULL, version = version + 1
WHERE account_id = :account_id AND id = :id;

-- name: look_later
-- The page did not tell; asked again later, or not any more (NULL).
UPDATE facebook_posts SET due_at = :due_at, looks = looks + 1 WHERE account_id = :account_id AND id = :id;

-- name: claim_posts
-- Over all organisations: posts about which the page is to be asked, put off so that nobody else asks meanwhile.
SELECT account_id, id FROM facebook_claim_posts(:now, :lease, :limit);

-- name: known_post_ids
-- Which of some posts of a page somebody made here: those that only its webhook told of may be the one that is looked for.
SELECT post_id FROM facebook_posts
WHERE account_id = :account_id AND connection_id = :connection_id AND post_id = ANY(:post_ids) AND agent_id IS NOT NULL
    AND id <> :ours;

-- name: needed_no_more
-- Open comments of threads that an agent has put away.
UPDATE facebook_comments f SET state = 'not_needed', proposed = NULL
FROM conversations c
WHERE f.account_id = :account_id AND f.conversation_id = ANY(:ids) AND f.state = 'open' AND f.removed_at IS NULL
    AND c.account_id = f.account_id AND c.id = f.conversation_id AND c.waiting_since IS NULL AND c.status IN ('closed', 'waiting')
RETURNING f.message_id;
