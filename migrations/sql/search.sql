-- Search over messages and contacts. Full-text and trigram operators are not leakproof, so under row-level security they
-- would use no index (measured: 312 ms instead of 4 ms at a million messages). Hence functions that run as the tables'
-- owner, read the tenant from the transaction itself (never from a parameter) and hold the agent's permission inside.

-- Accents that no Nordic alphabet owns are folded away (idé, kafé, für); å, ä, ö, æ and ø are letters and stay.
CREATE OR REPLACE FUNCTION search_fold(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(lower(value), 'éèêëáàâãíìîïóòôõúùûüýÿñçšž', 'eeeeaaaaiiiioooouuuuyyncsz')
$$;

-- For names: also the Nordic letters lose their marks, because keyboards abroad have none (Bjorn finds Bjørn).
CREATE OR REPLACE FUNCTION search_plain(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT translate(replace(replace(replace(replace(public.search_fold(value), 'æ', 'ae'), 'ß', 'ss'), 'þ', 'th'), 'aa', 'a'),
        'åäöøð', 'aaood')
$$;

-- A text as it is cut into words: a hyphen before a digit is a blank, or 2026-11234 would hold the number -11234.
CREATE OR REPLACE FUNCTION search_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT regexp_replace(left(value, 20000), '-(?=[0-9])', ' ', 'g')
$$;

-- The words of a text: the union of what six configurations make of it, without positions.
-- (plpgsql, because it keeps its plan: half the time of the same in sql. It runs once for each message.)
CREATE OR REPLACE FUNCTION search_words(body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    folded constant text := public.search_fold(public.search_text(body));
BEGIN
    RETURN strip(
        to_tsvector('pg_catalog.simple', folded) || to_tsvector('pg_catalog.norwegian', folded)
        || to_tsvector('pg_catalog.danish', folded) || to_tsvector('pg_catalog.swedish', folded)
        || to_tsvector('pg_catalog.finnish', folded) || to_tsvector('pg_catalog.english', folded)
    );
END
$$;

-- What an agent typed, as a query: every word must be there, as its beginning or in one of its stems. Words of one or two
-- letters must match whole, because their beginnings would match everything; small words (og, som, the) are left out
-- when there are others. Null when nothing searchable was typed.
CREATE OR REPLACE FUNCTION search_quoted(lexeme text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT '''' || replace(replace(lexeme, '\', '\\'), '''', '''''') || ''''
$$;

CREATE OR REPLACE FUNCTION search_query(typed text) RETURNS tsquery
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public AS $$
DECLARE
    word record;
    one tsquery;
    stem text;
    whole tsquery;
    small tsquery;
BEGIN
    FOR word IN
        SELECT t.token AS written, t.tokid IN (1, 2) AS plain
        FROM ts_parse('default', search_fold(search_text(left(typed, 400)))) WITH ORDINALITY AS t (tokid, token, place)
        -- Hyphenated words count by their parts (9, 10, 11), not as a whole (15, 16, 17); 12 to 14 are blanks and marks.
        WHERE t.tokid NOT IN (8, 12, 13, 14, 15, 16, 17)
        ORDER BY t.place LIMIT 8
    LOOP
        one := (search_quoted(word.written) || CASE WHEN length(word.written) > 2 THEN ':*' ELSE '' END)::tsquery;
        FOREACH stem IN ARRAY tsvector_to_array(search_words(word.written)) LOOP
            IF stem <> word.written THEN
                one := one || search_quoted(stem)::tsquery;
            END IF;
        END LOOP;
        IF word.plain AND length(word.written) <= 4 AND (
            length(to_tsvector('norwegian', word.written)) = 0 OR length(to_tsvector('swedish', word.written)) = 0
            OR length(to_tsvector('danish', word.written)) = 0 OR length(to_tsvector('english', word.written)) = 0
        ) THEN
            small := CASE WHEN small IS NULL THEN one ELSE small && one END;
        ELSE
            whole := CASE WHEN whole IS NULL THEN one ELSE whole && one END;
        END IF;
    END LOOP;
    RETURN coalesce(whole, small);
END
$$;

-- The words of some texts that answer what was typed, in lower case: what snippets highlight. A stem keeps the first two
-- letters of its word, so only words that begin like one of the query's are taken apart.
CREATE OR REPLACE FUNCTION search_hits(bodies text[], typed text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public AS $$
    SELECT coalesce(array_agg(w.word), '{}') FROM (
        SELECT DISTINCT lower(t.token) AS word
        FROM unnest(bodies) AS body, ts_parse('default', search_text(body)) AS t
        WHERE t.tokid NOT IN (12, 13, 14)
    ) w
    WHERE left(search_fold(w.word), 2) = ANY (ARRAY(
            SELECT left(lexeme, 2) FROM unnest(tsvector_to_array(search_words(left(typed, 400)))) AS lexeme
        ))
        AND search_words(w.word) @@ replace(search_query(typed)::text, '&', '|')::tsquery
$$;

-- The tenant of this transaction; null outside of one, and then nothing is found.
CREATE OR REPLACE FUNCTION search_account() RETURNS uuid LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('svardesk.account', true), '')::uuid
$$;

-- Hits by the index of words, newest first: reads every hit once (300,000 in 0.2 s), so it suits words that are not in
-- the newest messages already. Only called by search_messages, which has made sure of p_hidden.
CREATE OR REPLACE FUNCTION search_by_words(
    p_account uuid, p_agent uuid, p_hidden uuid[], p_query tsquery, p_at timestamptz, p_id uuid, p_limit integer
) RETURNS TABLE (message_id uuid, conversation_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public
SET enable_seqscan = off SET enable_indexscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan SET work_mem = '32MB' AS $$
BEGIN
    RETURN QUERY SELECT h.message_id, h.conversation_id, h.created_at
    FROM (
        SELECT s.message_id, s.conversation_id, s.created_at FROM public.message_search s
        WHERE s.account_id = p_account AND s.words @@ p_query AND (s.created_at, s.message_id) < (p_at, p_id)
        ORDER BY s.created_at DESC, s.message_id DESC OFFSET 0
    ) h
    JOIN public.conversations c ON c.account_id = p_account AND c.id = h.conversation_id
    WHERE c.archived_at IS NULL
        AND (c.team_id IS NULL OR c.assignee_id = p_agent OR NOT (c.team_id = ANY (p_hidden)))
    ORDER BY h.created_at DESC, h.message_id DESC LIMIT p_limit;
END
$$;

-- Hits among the newest p_budget messages before the cursor: for words that stand everywhere, the first page is there
-- after a few hundred rows.
CREATE OR REPLACE FUNCTION search_by_time(
    p_account uuid, p_agent uuid, p_hidden uuid[], p_query tsquery, p_at timestamptz, p_id uuid, p_limit integer,
    p_budget integer
) RETURNS TABLE (message_id uuid, conversation_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
    RETURN QUERY SELECT h.message_id, h.conversation_id, h.created_at
    FROM (
        SELECT s.message_id, s.conversation_id, s.created_at, s.words FROM public.message_search s
        WHERE s.account_id = p_account AND (s.created_at, s.message_id) < (p_at, p_id)
        ORDER BY s.created_at DESC, s.message_id DESC LIMIT p_budget
    ) h
    JOIN public.conversations c ON c.account_id = p_account AND c.id = h.conversation_id
    WHERE h.words @@ p_query AND c.archived_at IS NULL
        AND (c.team_id IS NULL OR c.assignee_id = p_agent OR NOT (c.team_id = ANY (p_hidden)))
    ORDER BY h.created_at DESC, h.message_id DESC LIMIT p_limit;
END
$$;

-- The closed teams whose conversations an agent may not see; null for nobody's id, and then nothing is found.
CREATE OR REPLACE FUNCTION search_hidden(p_account uuid, p_agent uuid) RETURNS uuid[]
LANGUAGE sql STABLE SET search_path = pg_catalog, public AS $$
    SELECT CASE WHEN a.role IN ('owner', 'lead') THEN '{}' ELSE ARRAY(
        SELECT t.id FROM public.teams t
        WHERE t.account_id = p_account AND t.closed AND NOT EXISTS (
            SELECT FROM public.team_members m
            WHERE m.account_id = p_account AND m.team_id = t.id AND m.agent_id = p_agent
        )
    ) END
    FROM public.agents a WHERE a.account_id = p_account AND a.id = p_agent AND a.archived_at IS NULL
$$;

-- Messages that hold what was typed and that this agent may see, newest first, older than the cursor
-- ('infinity' and the highest uuid for the first page).
CREATE OR REPLACE FUNCTION search_messages(p_agent uuid, p_typed text, p_at timestamptz, p_id uuid, p_limit integer)
RETURNS TABLE (message_id uuid, conversation_id uuid, created_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    this_account constant uuid := search_account();
    query constant tsquery := search_query(p_typed);
    hidden constant uuid[] := search_hidden(this_account, p_agent);
    message_ids uuid[];
    conversation_ids uuid[];
    times timestamptz[];
BEGIN
    IF hidden IS NULL OR query IS NULL THEN
        RETURN;
    END IF;
    SELECT array_agg(h.message_id), array_agg(h.conversation_id), array_agg(h.created_at)
    INTO message_ids, conversation_ids, times
    FROM search_by_time(this_account, p_agent, hidden, query, p_at, p_id, p_limit, 1500) h;
    IF cardinality(message_ids) >= p_limit THEN
        RETURN QUERY SELECT * FROM unnest(message_ids, conversation_ids, times);
    ELSE
        RETURN QUERY SELECT * FROM search_by_words(this_account, p_agent, hidden, query, p_at, p_id, p_limit);
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION search_like(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT replace(replace(replace(value, '\', '\\'), '%', '\%'), '_', '\_')
$$;

-- Persons that this agent may see, by any name or address they are known by: rank 0 is written exactly so, 1 begins a word so, 2 has it inside, 3 the same without
-- marks (Bjorn, Bjørn), 4 only resembles it. Within a rank whoever was here last comes first.
CREATE OR REPLACE FUNCTION search_contacts(p_agent uuid, p_typed text, p_limit integer)
RETURNS TABLE (contact_id uuid, rank integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan SET pg_trgm.word_similarity_threshold = 0.5 AS $$
DECLARE
    this_account constant uuid := search_account();
    hidden constant uuid[] := search_hidden(this_account, p_agent);
    typed constant text := regexp_replace(btrim(left(p_typed, 200)), '\s+', ' ', 'g');
    folded constant text := search_like(search_fold(typed));
    plain constant text := search_plain(typed);
    digits constant text := regexp_replace(typed, '[ +().-]', '', 'g');
    patterns text[];
    longest text;
    in_address text;
    hits integer;
BEGIN
    -- Two letters alone make no trigram, so they must begin the name.
    SELECT array_agg('%' || search_like(one) || '%'),
        (array_agg(CASE WHEN length(one) < 3 THEN '' ELSE '%' END || search_like(one) || '%' ORDER BY length(one) DESC))[1]
    INTO patterns, longest FROM unnest(string_to_array(plain, ' ')) AS one WHERE one <> '';
    IF hidden IS NULL OR patterns IS NULL THEN
        RETURN;
    END IF;
    in_address := CASE WHEN digits ~ '^[0-9]{4,15}$' THEN '%' || digits || '%'
        WHEN length(plain) < 3 THEN search_like(plain) || '%' ELSE '%' || search_like(plain) || '%' END;
    RETURN QUERY
    WITH found AS (
        (SELECT coalesce(c.merged_into_id, c.id) AS id, c.name, c.last_seen_at, NULL::text AS address FROM contacts c
        WHERE c.account_id = this_account AND search_plain(c.name) LIKE longest AND search_plain(c.name) LIKE ALL (patterns)
            AND c.archived_at IS NULL
        LIMIT 800)
        UNION ALL
        (SELECT coalesce(c.merged_into_id, c.id), c.name, c.last_seen_at, i.address FROM identities i
        JOIN contacts c ON c.account_id = i.account_id AND c.id = i.contact_id
        WHERE i.account_id = this_account AND search_plain(i.address) LIKE in_address AND c.archived_at IS NULL
        LIMIT 800)
    ), ranked AS (
        SELECT f.id, f.last_seen_at, CASE
            WHEN search_fold(f.name) = search_fold(typed) OR search_fold(f.address) = search_fold(typed)
                OR ltrim(f.address, '+') = digits THEN 0
            WHEN ' ' || search_fold(f.name) LIKE '% ' || folded || '%' OR search_fold(f.address) LIKE folded || '%' THEN 1
            WHEN search_fold(f.name) LIKE '%' || folded || '%' OR search_fold(f.address) LIKE '%' || folded || '%' THEN 2
            ELSE 3 END AS rank
        FROM found f
    ), best AS MATERIALIZED (
        SELECT r.id, min(r.rank) AS rank, max(r.last_seen_at) AS seen FROM ranked r GROUP BY r.id
        ORDER BY 2, 3 DESC NULLS LAST, 1
    )
    -- In this order the wall is asked for a page of people only, not for all that were found.
    SELECT b.id, b.rank FROM best b WHERE sees_contact(this_account, b.id, p_agent, hidden) LIMIT p_limit;
    GET DIAGNOSTICS hits = ROW_COUNT;
    IF hits = 0 AND length(plain) >= 4 THEN
        RETURN QUERY WITH near AS MATERIALIZED (
            SELECT coalesce(c.merged_into_id, c.id) AS id, c.name, c.last_seen_at FROM contacts c
            WHERE c.account_id = this_account AND search_plain(c.name) %> plain AND c.archived_at IS NULL
            LIMIT 1500
        ), alike AS MATERIALIZED (
            SELECT n.id FROM near n GROUP BY n.id
            ORDER BY max(word_similarity(plain, search_plain(n.name))) DESC, max(n.last_seen_at) DESC NULLS LAST, n.id
        )
        SELECT a.id, 4 FROM alike a WHERE sees_contact(this_account, a.id, p_agent, hidden) LIMIT p_limit;
    END IF;
END
$$;

REVOKE ALL ON FUNCTION search_by_words(uuid, uuid, uuid[], tsquery, timestamptz, uuid, integer),
    search_by_time(uuid, uuid, uuid[], tsquery, timestamptz, uuid, integer, integer),
    search_messages(uuid, text, timestamptz, uuid, integer), search_contacts(uuid, text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_messages(uuid, text, timestamptz, uuid, integer), search_contacts(uuid, text, integer)
    TO svardesk_app;

-- The indexes of search live here and not in the models, because two of them rest on functions of this file.
CREATE OR REPLACE FUNCTION search_make_indexes() RETURNS void LANGUAGE sql
SET search_path = pg_catalog, public SET client_min_messages = warning AS $$
    CREATE INDEX IF NOT EXISTS ix_search_words ON public.message_search USING gin (account_id, words)
        WITH (gin_pending_list_limit = 1024);
    CREATE INDEX IF NOT EXISTS ix_search_newest ON public.message_search (account_id, created_at DESC, message_id DESC);
    CREATE INDEX IF NOT EXISTS ix_search_names ON public.contacts
        USING gin (account_id, public.search_plain(name) public.gin_trgm_ops);
    CREATE INDEX IF NOT EXISTS ix_search_addresses ON public.identities
        USING gin (account_id, public.search_plain(address) public.gin_trgm_ops);
$$;
SELECT search_make_indexes();
REVOKE ALL ON FUNCTION search_make_indexes() FROM PUBLIC;
