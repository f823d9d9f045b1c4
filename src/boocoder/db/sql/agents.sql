-- Agents that each host found.

-- name: put_agent
-- What a probe found.
INSERT INTO available_agents (host_id, name, backend, state, reason, cure, version, program, models, modes,
                              default_model, title, transport, tried, thinking, commands, default_mode, signed_in,
                              install, login, steering)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, to_jsonb($9::text[]), to_jsonb($10::text[]), $11, $12, $13, $14,
        to_jsonb($15::text[]), $16, $17, $18, $19, $20, $21)
ON CONFLICT (host_id, name) DO UPDATE
    SET backend = excluded.backend, state = excluded.state, reason = excluded.reason, cure = excluded.cure,
        version = excluded.version, program = excluded.program, models = excluded.models,
        modes = excluded.modes, default_model = excluded.default_model, title = excluded.title,
        transport = excluded.transport, tried = excluded.tried, thinking = excluded.thinking,
        commands = excluded.commands, default_mode = excluded.default_mode, signed_in = excluded.signed_in,
        install = excluded.install, login = excluded.login,
        steering = excluded.steering, probed_at = now()
RETURNING true AS done;

-- name: keep_agents
-- Forget the agents of a host that are not among these names ($2).
DELETE FROM available_agents WHERE host_id = $1 AND name <> ALL ($2) RETURNING true AS done;

-- name: is_ready_elsewhere
-- A row where another host than $1 has agent $2.
SELECT true AS done
FROM available_agents a JOIN hosts h ON h.id = a.host_id AND h.removed_at IS NULL
WHERE a.host_id <> $1 AND a.name = $2 AND a.state = 'ready'
LIMIT 1;

-- name: list_agents
-- The agents of one host or of all ($1), by name.
SELECT host_id, name, backend, state, reason, cure, version, program,
       ARRAY(SELECT jsonb_array_elements_text(models)) AS models,
       ARRAY(SELECT jsonb_array_elements_text(modes)) AS modes,
       default_model, title, transport, tried,
       ARRAY(SELECT jsonb_array_elements_text(thinking)) AS thinking,
       commands, default_mode, signed_in, install, login, steering, probed_at
FROM available_agents
WHERE $1::uuid IS NULL OR host_id = $1
ORDER BY name, host_id;
