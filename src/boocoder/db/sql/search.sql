-- Search over all transcripts. The words of each message are kept by triggers, see 0008_search.sql.

-- name: search_messages
-- The best $2 of the newest $3 messages that hold all words of $1, of one project or all ($4), each with the slice of its text that fits best.
WITH query AS MATERIALIZED (
    SELECT search_query($1::text) AS words
), found AS MATERIALIZED (
    SELECT w.message_id, w.slice, w.ord
    FROM message_words w, query q
    WHERE w.words @@ q.words
      AND ($4::uuid IS NULL OR EXISTS (SELECT FROM messages m JOIN sessions s ON s.id = m.session_id
                                       WHERE m.id = w.message_id AND s.project_id = $4))
    ORDER BY w.ord DESC
    LIMIT $3
), ranked AS (
    SELECT DISTINCT ON (f.message_id) f.message_id, f.slice, f.ord, ts_rank(w.words, q.words, 1) AS rank
    FROM found f
    JOIN message_words w ON w.message_id = f.message_id AND w.slice = f.slice
    CROSS JOIN query q
    ORDER BY f.message_id, rank DESC, f.slice
), best AS (
    SELECT r.* FROM ranked r ORDER BY r.rank DESC, r.ord DESC LIMIT $2
)
SELECT m.id AS message_id, m.session_id, m.chat_id, s.project_id, s.title AS session_title, s.state AS session_state,
       m.role, m.agent, m.created_at,
       coalesce(substr(message_text(m.id), b.slice * 100000 + 1, 100000), '') AS text
FROM best b
JOIN messages m ON m.id = b.message_id
JOIN sessions s ON s.id = m.session_id
ORDER BY b.rank DESC, b.ord DESC;
