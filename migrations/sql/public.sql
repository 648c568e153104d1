-- Which numbers of a draft stand in private threads of the organisation and nowhere in public. Runs as the tables' owner, because
-- full-text operators use no index under row-level security; the tenant is read from the transaction itself.
CREATE OR REPLACE FUNCTION numbers_held_privately(p_numbers text[], p_public text[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
SET enable_seqscan = off SET plan_cache_mode = force_custom_plan AS $$
DECLARE
    this_account constant uuid := public.search_account();
    one text;
    query tsquery;
BEGIN
    FOREACH one IN ARRAY p_numbers LOOP
        query := plainto_tsquery('pg_catalog.simple', public.search_fold(public.search_text(one)));
        CONTINUE WHEN this_account IS NULL OR numnode(query) = 0;
        -- Only what customers wrote or filled in: our own answers hold our phone numbers and addresses.
        IF EXISTS (
            SELECT FROM public.message_search s
            JOIN public.messages m ON m.account_id = s.account_id AND m.id = s.message_id
            JOIN public.conversations c ON c.account_id = s.account_id AND c.id = s.conversation_id
            WHERE s.account_id = this_account AND s.words @@ query AND m.kind = 'inbound' AND m.deleted_at IS NULL
                AND NOT (c.channel = ANY (p_public))
        ) AND NOT EXISTS (
            SELECT FROM public.message_search s
            JOIN public.conversations c ON c.account_id = s.account_id AND c.id = s.conversation_id
            JOIN public.messages m ON m.account_id = s.account_id AND m.id = s.message_id
            WHERE s.account_id = this_account AND s.words @@ query AND c.channel = ANY (p_public)
                AND m.deleted_at IS NULL AND m.kind IN ('inbound', 'answer') AND NOT coalesce((m.details->>'private')::boolean, false)
        ) THEN
            RETURN NEXT one;
        END IF;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION numbers_held_privately(text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION numbers_held_privately(text[], text[]) TO svardesk_app;
