-- The ledger in PostgreSQL. relgate runs this by itself when its user may; else the database's owner runs it once:
--
--     psql --set ON_ERROR_STOP=1 --file schema.sql "$DATABASE_URL"
--
-- It can be run again. Records are written through relgate.append alone; relgate_writer can do nothing else.

CREATE SCHEMA IF NOT EXISTS relgate;

-- The hash of a record covers every column; the columns are there to search by.
CREATE TABLE IF NOT EXISTS relgate.record (
  repository text NOT NULL,
  sequence bigint NOT NULL CHECK (sequence > 0),
  hash text NOT NULL,
  tag text NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (repository, sequence)
);

CREATE INDEX IF NOT EXISTS record_by_tag ON relgate.record (repository, tag, sequence);

-- Appends a record to the chain that it names, if it continues it. Writers of one chain wait for each other.
CREATE OR REPLACE FUNCTION relgate.append(body text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  document jsonb := body::jsonb;
  chain text := document ->> 'repository';
  place bigint := (document ->> 'sequence')::bigint;
  last_sequence bigint;
  last_hash text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('relgate ' || chain, 0));
  SELECT r.sequence, r.hash INTO last_sequence, last_hash
  FROM relgate.record AS r WHERE r.repository = chain
  ORDER BY r.sequence DESC LIMIT 1;
  IF place IS DISTINCT FROM coalesce(last_sequence, 0) + 1
     OR document ->> 'previous' IS DISTINCT FROM coalesce(last_hash, '') THEN
    RAISE EXCEPTION 'record % does not continue the chain of %', place, chain
      USING ERRCODE = 'serialization_failure';
  END IF;
  INSERT INTO relgate.record (repository, sequence, hash, tag, body)
  VALUES (
    chain, place, 'sha256:' || encode(sha256(convert_to(body, 'UTF8')), 'hex'),
    coalesce(document ->> 'tag', ''), body
  );
END
$function$;

-- A guard rail against accidents of the owner. Against intent only the hashes and a checkpoint help.
CREATE OR REPLACE FUNCTION relgate.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
  RAISE EXCEPTION 'records of a ledger are never changed or removed';
END
$function$;

CREATE OR REPLACE TRIGGER record_is_never_changed
BEFORE UPDATE OR DELETE OR TRUNCATE ON relgate.record
FOR EACH STATEMENT EXECUTE FUNCTION relgate.refuse_change();

-- One line for each decision.
CREATE OR REPLACE VIEW relgate.decision AS
SELECT
  r.repository,
  r.sequence,
  r.tag,
  d.document ->> 'commit' AS commit,
  d.document ->> 'kind' AS kind,
  d.document ->> 'releasedAt' AS released_at,
  d.document ->> 'recordedAt' AS recorded_at,
  d.document #>> '{actor,name}' AS actor,
  d.document ->> 'stage' AS stage,
  d.document ->> 'declaredType' AS declared_type,
  d.document ->> 'requiredType' AS required_type,
  d.document ->> 'verdict' AS verdict,
  (d.document #>> '{migrations,added}')::bigint + (d.document #>> '{migrations,modified}')::bigint AS migrations,
  jsonb_array_length(d.document -> 'exceptions') AS exceptions,
  d.document #>> '{policy,digest}' AS policy_digest,
  d.document #>> '{tool,version}' AS tool_version,
  d.document
FROM relgate.record AS r
CROSS JOIN LATERAL (SELECT r.body::jsonb AS document) AS d
WHERE r.tag <> '';

-- The last decision for each tag.
CREATE OR REPLACE VIEW relgate.latest_decision AS
SELECT DISTINCT ON (repository, tag) * FROM relgate.decision
ORDER BY repository, tag, sequence DESC;

-- Patch releases that brought migrations.
CREATE OR REPLACE VIEW relgate.migrations_in_patches AS
SELECT repository, tag, commit, released_at, required_type, migrations, verdict
FROM relgate.latest_decision
WHERE declared_type = 'patch' AND migrations > 0;

-- Gates that were open when the last decision was made.
CREATE OR REPLACE VIEW relgate.open_gate AS
SELECT d.repository, d.tag, g.key AS gate, g.value AS status
FROM relgate.latest_decision AS d
CROSS JOIN LATERAL jsonb_each_text(d.document -> 'gates') AS g
WHERE g.value IN ('fail', 'not-evaluated');

-- Tags that nobody should have touched.
CREATE OR REPLACE VIEW relgate.tag_incident AS
SELECT r.repository, r.sequence, r.body::jsonb ->> 'recordedAt' AS recorded_at, 'moved' AS what,
       m.moved ->> 'tag' AS tag, m.moved ->> 'from' AS was, m.moved ->> 'to' AS "is"
FROM relgate.record AS r
CROSS JOIN LATERAL jsonb_array_elements(r.body::jsonb -> 'moved') AS m (moved)
WHERE r.tag = ''
  AND (m.moved ->> 'kind' <> 'unrelated' OR m.moved ->> 'direction' = 'backwards')
UNION ALL
SELECT r.repository, r.sequence, r.body::jsonb ->> 'recordedAt', 'vanished', g.key, g.value, ''
FROM relgate.record AS r
CROSS JOIN LATERAL jsonb_each_text(r.body::jsonb -> 'vanished') AS g
WHERE r.tag = '';

REVOKE ALL ON SCHEMA relgate FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA relgate FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA relgate FROM PUBLIC;

-- Roles are made where the user may make them, and get their rights where they exist.
DO $roles$
DECLARE
  may boolean := (SELECT rolcreaterole OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user);
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['relgate_writer', 'relgate_reader'] LOOP
    IF may AND NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN
        NULL; -- Roles belong to all databases of the server: another one was faster.
      END;
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role_name) THEN
      EXECUTE format('GRANT USAGE ON SCHEMA relgate TO %I', role_name);
      EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA relgate TO %I', role_name);
    END IF;
  END LOOP;
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'relgate_writer') THEN
    GRANT EXECUTE ON FUNCTION relgate.append(text) TO relgate_writer;
  END IF;
END
$roles$;
