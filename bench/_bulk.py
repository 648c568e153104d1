"""A large organisation in a minute: conversations, messages and search words made inside the database.

Used by the benchmarks and by the tests of query plans. Everything is deterministic (``setseed``), so that two runs
search for the same words.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg

# Words that customers of a broadband and electronics shop write. Their frequencies follow 1/rank, so the first ones
# stand in most messages and the last ones in a few of a million.
WORDS: Sequence[str] = (  # noqa: SIM905  (a text is shorter to read than a list)
    "hei jeg har ikke det på fått faktura bredbånd takk dere kan til med en som for men nettet virker ruter ordre levering"
    " pakke mobil abonnement oppsigelse purring kroner betaling telefon skjerm garanti retur bytte feil regning adresse"
    " fiber hastighet wifi modem tekniker avtale kontrakt rabatt kampanje kvittering reparasjon lader batteri deksel"
    " hodetelefoner nettbrett bærbar tastatur mus skriver kabel antenne dekning roaming datapakke simkort portering"
    " nummer kundeservice åpningstid butikk lager forsinket skadet mangler ødelagt refusjon angrerett bestilling"
    " bekreftelse innlogging passord bruker konto minside app oppdatering programvare installasjon montering grøft"
    " faktureringsadresse forfallsdato inkasso delbetaling kredittkort vipps klarna gavekort bonus medlem nyhetsbrev"
    " regningen fakturaer fakturaen bredbåndet ruteren ordren leveringen pakken mobilen abonnementet"
    " räkning leverans beställning bredband fungerar täckning laddare skärm återbetalning kvitto kundtjänst"
    " lasku toimitus tilaus laajakaista yhteys näyttö palautus kuitti asiakaspalvelu laturi kiitos"
    " regningen leveringen bestilling bredbånd virker skærm tilbagebetaling kvittering kundeservice ledning"
    " invoice delivery order broadband refund receipt charger screen broken missing warranty"
).split()

FIRST_NAMES = [
    "Kari",
    "Ola",
    "Ingrid",
    "Bjørn",
    "Åse",
    "Øyvind",
    "Solveig",
    "Håkon",
    "Astrid",
    "Jens",
    "Mette",
    "Søren",
    "Göran",
    "Åsa",
    "Eeva",
    "Matti",
    "Päivi",
    "Anna",
    "Per",
    "Liv",
]
LAST_NAMES = [
    "Nordmann",
    "Hansen",
    "Ødegård",
    "Bråten",
    "Sæther",
    "Lindström",
    "Sjöberg",
    "Virtanen",
    "Mäkinen",
    "Nielsen",
    "Sørensen",
    "Dahl",
    "Berg",
    "Haugen",
]

SENTENCES = 40_000
RARE_WORDS = 60_000


def fill(
    conn: psycopg.Connection[Any],
    account_id: UUID,
    conversations: int,
    messages: int,
    *,
    agent_ids: Sequence[UUID] = (),
    team_ids: Sequence[UUID] = (),
    search: bool = True,
    seed: float = 0.42,
) -> None:
    """Give ``account_id`` that many conversations (newest first in time) with that many messages shared among them.

    ``conn`` must be the owner's connection (autocommit), because rows go past row-level security and foreign keys are
    not checked. A third of the conversations is open or waiting, a few are snoozed, the rest is closed; half of the
    living ones is assigned to ``agent_ids`` and most stand in ``team_ids``. One million messages take about a minute.
    """
    empty = _one(conn, "SELECT NOT EXISTS (SELECT FROM message_search)")
    with conn.transaction():
        conn.execute("SELECT setseed(%s)", (seed,))
        conn.execute("SET LOCAL maintenance_work_mem = '512MB'")
        conn.execute("SET LOCAL work_mem = '128MB'")
        conn.execute("SET LOCAL synchronous_commit = off")
        conn.execute("SET LOCAL session_replication_role = replica")
        _people(conn, account_id, max(1, conversations // 4))
        _conversations(conn, account_id, conversations, messages, agent_ids, team_ids)
        sentences = max(1, min(SENTENCES, messages // 4))
        _sentences(conn, sentences)
        _messages(conn, account_id, messages, sentences)
        if search:
            if empty:
                conn.execute("DROP INDEX IF EXISTS ix_search_words")
            _search(conn, account_id, sentences)
            if empty:
                conn.execute("SELECT search_make_indexes()")
        conn.execute(
            "UPDATE accounts SET next_number = greatest(next_number, %s) WHERE id = %s", (conversations + 1, account_id)
        )
        conn.execute("DROP TABLE bulk_people, bulk_conversations, bulk_sentences")
    for table in ("contacts", "identities", "conversations", "messages", "message_search"):
        conn.execute(f"VACUUM (ANALYZE) {table}".encode())


def _one(conn: psycopg.Connection[Any], statement: str) -> Any:
    row = conn.execute(statement.encode()).fetchone()
    return row[0] if row else None


def _people(conn: psycopg.Connection[Any], account_id: UUID, count: int) -> None:
    conn.execute(
        """
        CREATE TEMP TABLE bulk_people AS
        SELECT g AS n, gen_random_uuid() AS id,
            (%(first)s::text[])[1 + (random() * 100000)::int %% cardinality(%(first)s::text[])] AS first,
            (%(last)s::text[])[1 + (random() * 100000)::int %% cardinality(%(last)s::text[])] AS last
        FROM generate_series(1, %(count)s) g
        """,
        {"first": list(FIRST_NAMES), "last": list(LAST_NAMES), "count": count},
    )
    conn.execute(
        """
        INSERT INTO contacts (account_id, id, name, locale, created_at, last_seen_at)
        SELECT %(account)s, id, first || ' ' || last || CASE WHEN n > 5000 THEN ' ' || n ELSE '' END, 'nb',
            now() - interval '2 years', now() - n * interval '1 minute'
        FROM bulk_people
        """,
        {"account": account_id},
    )
    conn.execute(
        """
        INSERT INTO identities (account_id, id, contact_id, kind, address, trust, created_at)
        SELECT %(account)s, gen_random_uuid(), id, 'email',
            lower(first) || '.' || lower(last) || n || '@example.no', 'claimed', now()
        FROM bulk_people
        """,
        {"account": account_id},
    )


def _conversations(
    conn: psycopg.Connection[Any],
    account_id: UUID,
    count: int,
    messages: int,
    agent_ids: Sequence[UUID],
    team_ids: Sequence[UUID],
) -> None:
    conn.execute(
        """
        CREATE TEMP TABLE bulk_conversations AS
        SELECT g AS n, gen_random_uuid() AS id,
            now() - g * (interval '2 years' / %(count)s) AS at,
            (%(messages)s / %(count)s + CASE WHEN g <= %(messages)s %% %(count)s THEN 1 ELSE 0 END)::int AS size,
            CASE WHEN g %% 100 = 7 THEN 'snoozed' WHEN g <= %(count)s / 100 OR g %% 50 = 0
                THEN CASE WHEN g %% 3 = 0 THEN 'waiting' ELSE 'open' END ELSE 'closed' END AS status,
            random() AS luck
        FROM generate_series(1, %(count)s) g
        """,
        {"count": count, "messages": messages},
    )
    conn.execute(
        """
        INSERT INTO conversations (account_id, id, number, channel, external_thread_key, contact_id, locale, status,
            snoozed_until, closed_at, assignee_id, team_id, last_seq, last_public_seq, last_customer_seq, preview,
            preview_kind, waiting_since, last_customer_at, last_activity_at, created_at)
        SELECT %(account)s, c.id, %(count)s - c.n + 1, 'webchat', 'bulk-' || c.n, p.id, 'nb', c.status,
            CASE c.status WHEN 'snoozed' THEN now() + c.n * interval '1 second' + interval '1 day' END,
            CASE c.status WHEN 'closed' THEN c.at END,
            CASE WHEN c.luck < 0.5 THEN (%(agents)s::uuid[])[1 + c.n %% greatest(cardinality(%(agents)s::uuid[]), 1)] END,
            CASE WHEN c.luck < 0.8 THEN (%(teams)s::uuid[])[1 + c.n %% greatest(cardinality(%(teams)s::uuid[]), 1)] END,
            c.size, c.size, c.size, 'Hei, jeg har ikke fått faktura', 'inbound',
            CASE c.status WHEN 'open' THEN c.at END, c.at, c.at, c.at - interval '1 hour'
        FROM bulk_conversations c JOIN bulk_people p ON p.n = 1 + c.n %% (SELECT count(*) FROM bulk_people)
        """,
        {"account": account_id, "count": count, "agents": list(agent_ids), "teams": list(team_ids)},
    )


def _sentences(conn: psycopg.Connection[Any], count: int) -> None:
    # 1/rank: the word of rank r comes with probability proportional to 1/r, by inverting its distribution.
    conn.execute(
        """
        CREATE TEMP TABLE bulk_sentences AS
        SELECT n, body, search_words(body) AS words FROM (
            SELECT g AS n, (
                SELECT string_agg((%(words)s::text[])[least(cardinality(%(words)s::text[]),
                    floor(exp(random() * ln(cardinality(%(words)s::text[]) + 1))))::int], ' ')
                FROM generate_series(1, 6 + g %% 20)
            ) AS body
            FROM generate_series(1, %(count)s) g
        ) s
        """,
        {"words": list(WORDS), "count": count},
    )
    conn.execute("CREATE UNIQUE INDEX ON bulk_sentences (n)")
    conn.execute("ANALYZE bulk_sentences")


def _messages(conn: psycopg.Connection[Any], account_id: UUID, messages: int, sentences: int) -> None:
    # Every message ends with a word of its own neighbourhood (sak1234): some ten messages share it.
    conn.execute(
        """
        INSERT INTO messages (account_id, id, conversation_id, seq, kind, author_kind, author_id, body, actor, created_at)
        SELECT %(account)s, gen_random_uuid(), c.id, s.seq,
            CASE WHEN s.seq %% 2 = 1 THEN 'inbound' ELSE 'answer' END,
            CASE WHEN s.seq %% 2 = 1 THEN 'contact' ELSE 'agent' END, NULL,
            t.body || ' sak' || (c.n::bigint * 7919 + s.seq) %% %(rare)s, 'bulk',
            c.at - (c.size - s.seq) * interval '1 minute'
        FROM bulk_conversations c
        CROSS JOIN LATERAL generate_series(1, c.size) AS s (seq)
        JOIN bulk_sentences t ON t.n = 1 + (c.n * 31 + s.seq * 17) %% %(sentences)s
        """,
        {"account": account_id, "rare": min(RARE_WORDS, max(1, messages // 10)), "sentences": sentences},
    )


def _search(conn: psycopg.Connection[Any], account_id: UUID, sentences: int) -> None:
    conn.execute(
        """
        INSERT INTO message_search (account_id, message_id, conversation_id, words, created_at)
        SELECT m.account_id, m.id, m.conversation_id,
            t.words || array_to_tsvector(ARRAY[substring(m.body FROM '[^ ]+$')]), m.created_at
        FROM messages m
        JOIN bulk_conversations c ON c.id = m.conversation_id
        JOIN bulk_sentences t ON t.n = 1 + (c.n * 31 + m.seq * 17) %% %(sentences)s
        WHERE m.account_id = %(account)s
        ORDER BY m.created_at
        """,
        {"account": account_id, "sentences": sentences},
    )
