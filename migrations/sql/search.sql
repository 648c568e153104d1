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

-- The words of a text: the union of what six configurations make of it, without positions.
CREATE OR REPLACE FUNCTION search_words(body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT strip(
        to_tsvector('pg_catalog.simple', folded) || to_tsvector('pg_catalog.norwegian', folded)
        || to_tsvector('pg_catalog.danish', folded) || to_tsvector('pg_catalog.swedish', folded)
        || to_tsvector('pg_catalog.finnish', folded) || to_tsvector('pg_catalog.english', folded)
    )
    FROM (SELECT left(public.search_fold(body), 20000) AS folded) f
$$;

-- The indexes of search live here and not in the models, because two of them rest on functions of this file.
CREATE OR REPLACE FUNCTION search_make_indexes() RETURNS void LANGUAGE sql SET search_path = pg_catalog, public AS $$
    CREATE INDEX IF NOT EXISTS ix_search_words ON public.message_search USING gin (account_id, words)
        WITH (gin_pending_list_limit = 1024);
    CREATE INDEX IF NOT EXISTS ix_search_newest ON public.message_search (account_id, created_at DESC, message_id DESC);
    CREATE INDEX IF NOT EXISTS ix_search_names ON public.contacts
        USING gin (account_id, public.search_plain(name) public.gin_trgm_ops);
    CREATE INDEX IF NOT EXISTS ix_search_addresses ON public.identities
        USING gin (account_id, public.search_plain(address) public.gin_trgm_ops);
$$;
SELECT search_make_indexes();
