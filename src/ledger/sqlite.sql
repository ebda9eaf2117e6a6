-- The hash of a record covers every column; the columns are there to search by.
CREATE TABLE record (
  repository TEXT NOT NULL,
  sequence INTEGER NOT NULL CHECK (sequence > 0),
  hash TEXT NOT NULL,
  tag TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (repository, sequence)
) STRICT;

CREATE INDEX record_by_tag ON record (repository, tag, sequence);

-- A guard rail against accidents. Against the file's owner only the hashes and a checkpoint help.
CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN
  SELECT raise(ABORT, 'records of a ledger are never changed');
END;

CREATE TRIGGER record_is_never_removed BEFORE DELETE ON record
BEGIN
  SELECT raise(ABORT, 'records of a ledger are never removed');
END;

-- One line for each decision.
CREATE VIEW decision AS
SELECT
  repository,
  sequence,
  tag,
  body ->> '$.commit' AS "commit",
  body ->> '$.kind' AS kind,
  body ->> '$.releasedAt' AS released_at,
  body ->> '$.recordedAt' AS recorded_at,
  body ->> '$.actor.name' AS actor,
  body ->> '$.stage' AS stage,
  body ->> '$.declaredType' AS declared_type,
  body ->> '$.requiredType' AS required_type,
  body ->> '$.verdict' AS verdict,
  (body ->> '$.migrations.added') + (body ->> '$.migrations.modified') AS migrations,
  json_array_length(body, '$.exceptions') AS exceptions,
  body ->> '$.policy.digest' AS policy_digest,
  body ->> '$.tool.version' AS tool_version,
  body
FROM record
WHERE body ->> '$.entry' = 'decision';

-- The last decision for each tag.
CREATE VIEW latest_decision AS
SELECT * FROM decision AS one
WHERE sequence = (
  SELECT max(sequence) FROM record AS other
  WHERE other.repository = one.repository AND other.tag = one.tag
);

-- Patch releases that brought migrations.
CREATE VIEW migrations_in_patches AS
SELECT repository, tag, "commit", released_at, required_type, migrations, verdict
FROM latest_decision
WHERE declared_type = 'patch' AND migrations > 0;

-- Gates that were open when the last decision was made.
CREATE VIEW open_gate AS
SELECT one.repository, one.tag, gate.key AS gate, gate.value AS status
FROM latest_decision AS one, json_each(one.body, '$.gates') AS gate
WHERE gate.value IN ('fail', 'not-evaluated');

-- Tags that nobody should have touched.
CREATE VIEW tag_incident AS
SELECT repository, sequence, body ->> '$.recordedAt' AS recorded_at, 'moved' AS what,
       moved.value ->> '$.tag' AS tag, moved.value ->> '$.from' AS was, moved.value ->> '$.to' AS "is"
FROM record, json_each(body, '$.moved') AS moved
WHERE body ->> '$.entry' = 'tags'
  AND (moved.value ->> '$.kind' <> 'unrelated' OR moved.value ->> '$.direction' = 'backwards')
UNION ALL
SELECT repository, sequence, body ->> '$.recordedAt', 'vanished', gone.key, gone.value, ''
FROM record, json_each(body, '$.vanished') AS gone
WHERE body ->> '$.entry' = 'tags';
