-- Full-text search over what people asked and agents answered, and the sums of what turns cost.

-- A text as it is indexed: in small letters and without punctuation, because the parser would take a path, an address
-- or a dotted name for one word. The server's own collation where it knows all alphabets: under the locale "C", lower()
-- knows only ASCII.
DO $make$
DECLARE
    folded text := CASE WHEN EXISTS (SELECT FROM pg_collation WHERE collname = 'pg_c_utf8')
                        THEN 'lower($1 COLLATE pg_catalog.pg_c_utf8)' ELSE 'lower($1)' END;
    marks text := E'!"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~\u00a0«»·•–—‘’“”„…→←✓、。「」（），：；！？';
BEGIN
    EXECUTE format(
        'CREATE FUNCTION search_words(text) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS %L',
        format('SELECT translate(%s, %L, %L)', folded, marks, repeat(' ', char_length(marks))));
END $make$;

-- All words of $1; the last one may go on, because a person is still typing it.
CREATE FUNCTION search_query(text) RETURNS tsquery LANGUAGE sql STABLE SET client_min_messages = warning AS $$
    SELECT CASE WHEN bool_or(w.word <> '')
                THEN to_tsquery('simple', string_agg(quote_literal(w.word), ' & ' ORDER BY w.place) || ':*') END
    FROM regexp_split_to_table(btrim(search_words($1)), '\s+') WITH ORDINALITY AS w (word, place)
$$;

-- What a message says: a person's prompt, or the text parts of an answer, one a line.
CREATE FUNCTION message_text(uuid) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE m.role WHEN 'user' THEN (SELECT t.prompt FROM tasks t WHERE t.id = m.task_id) ELSE (
        SELECT string_agg(said.text, E'\n' ORDER BY said.part)
        FROM (
            SELECT p.part, string_agg(c.text, '' ORDER BY c."offset") AS text
            FROM message_parts p
            JOIN part_chunks c ON c.message_id = p.message_id AND c.part = p.part AND c.field = 'text'
            WHERE p.message_id = m.id AND p.kind = 'text'
            GROUP BY p.part
        ) said
    ) END
    FROM messages m WHERE m.id = $1
$$;

-- The words of every message that is complete, in slices of 100,000 characters, of which the worst text stays within
-- what one tsvector holds; what comes after the tenth is not found. `ord` is the message's, to take the newest first.
CREATE TABLE message_words (
    message_id   uuid NOT NULL REFERENCES messages (id),
    slice        smallint NOT NULL CHECK (slice BETWEEN 0 AND 9),
    ord          bigint NOT NULL,
    words        tsvector NOT NULL,
    PRIMARY KEY (message_id, slice)
);
CREATE INDEX message_words_by_word ON message_words USING gin (words);

CREATE FUNCTION keep_message_words(message_id uuid, ord bigint) RETURNS void LANGUAGE sql
SET client_min_messages = warning AS $$
    INSERT INTO message_words (message_id, slice, ord, words)
    SELECT $1, n, $2, to_tsvector('simple', search_words(substr(t.text, n * 100000 + 1, 100000)))
    FROM (SELECT message_text($1) AS text OFFSET 0) t, generate_series(0, least(9, (char_length(t.text) - 1) / 100000)) n
    WHERE t.text <> ''
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION index_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM keep_message_words(NEW.id, NEW.ord);
    RETURN NULL;
END $$;

-- A prompt is there whole from the beginning; an answer when it streams no more.
CREATE TRIGGER messages_index_prompt AFTER INSERT ON messages
    FOR EACH ROW WHEN (NEW.role = 'user') EXECUTE FUNCTION index_message();
CREATE TRIGGER messages_index_answer AFTER UPDATE OF status ON messages
    FOR EACH ROW WHEN (OLD.status = 'streaming' AND NEW.status <> 'streaming') EXECUTE FUNCTION index_message();

DO $$ BEGIN
    PERFORM keep_message_words(m.id, m.ord) FROM messages m WHERE m.status <> 'streaming';
END $$;

-- Of what ended lately, for the sums of tokens and cost.
CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL;
