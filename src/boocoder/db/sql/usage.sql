-- What turns cost, summed. Only tasks that were begun and have ended count.

-- name: sum_usage
-- Turns of the last $1 days, of one project or all ($2) and one session or all ($3), with their tokens, cost and time: all of them, and by agent, by model and by project.
SELECT CASE WHEN GROUPING(t.agent) = 0 AND GROUPING(t.model) = 1 THEN 'agent'
            WHEN GROUPING(t.model) = 0 THEN 'model'
            WHEN GROUPING(t.project_id) = 0 THEN 'project'
            ELSE 'total' END AS kind,
       coalesce(t.agent, '') AS agent,
       coalesce(t.model, '') AS model,
       t.project_id,
       count(*) AS turns,
       count(*) FILTER (WHERE t.state = 'completed') AS completed,
       coalesce(sum((t.usage->>'input_tokens')::bigint), 0)::bigint AS input_tokens,
       coalesce(sum((t.usage->>'output_tokens')::bigint), 0)::bigint AS output_tokens,
       coalesce(sum((t.usage->>'cache_read_tokens')::bigint), 0)::bigint AS cache_read_tokens,
       coalesce(sum((t.usage->>'cost_usd')::float8), 0)::float8 AS cost_usd,
       coalesce(sum(extract(epoch FROM t.ended_at - t.started_at)), 0)::float8 AS seconds
FROM tasks t
WHERE t.ended_at > now() - make_interval(days => $1) AND t.started_at IS NOT NULL
  AND ($2::uuid IS NULL OR t.project_id = $2) AND ($3::uuid IS NULL OR t.session_id = $3)
GROUP BY GROUPING SETS ((), (t.agent), (t.agent, t.model), (t.project_id))
ORDER BY kind, turns DESC, agent, model, t.project_id;
