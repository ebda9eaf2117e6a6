-- The schema that every measurement starts from; it was in schema t with search_path = t.
CREATE TYPE mood AS ENUM ('sad','ok','happy');
CREATE DOMAIN posint AS int CHECK (VALUE > 0);
CREATE TABLE accounts(id bigint PRIMARY KEY, code text UNIQUE);
CREATE TABLE users(id bigserial PRIMARY KEY, email varchar(50), name text, age int, small smallint, big bigint,
  ts timestamp, tstz timestamptz, ts3 timestamp(3), amount numeric(10,2), ci cidr, j json, jb jsonb, st mood, u uuid,
  account_id bigint, d posint, c char(5), vb bit varying(5), iv interval(3),
  nn text NOT NULL DEFAULT 'x', price numeric);
CREATE INDEX users_email_idx ON users(email);
CREATE INDEX users_age_idx ON users(age);
CREATE TABLE orders(id bigserial PRIMARY KEY, user_id bigint, total int);
ALTER TABLE orders ADD CONSTRAINT orders_user_fk FOREIGN KEY(user_id) REFERENCES users(id);
CREATE VIEW users_v AS SELECT id,email FROM users;
CREATE MATERIALIZED VIEW users_mv AS SELECT id,email FROM users;
CREATE UNIQUE INDEX users_mv_id ON users_mv(id);
CREATE TABLE pt(id bigint NOT NULL, at date NOT NULL, v int) PARTITION BY RANGE(at);
CREATE TABLE pt_a PARTITION OF pt FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE pt_b PARTITION OF pt FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE pt_new(id bigint NOT NULL, at date NOT NULL, v int);
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end';
CREATE FUNCTION f_imm(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'select $1+1';
CREATE FUNCTION f_vol() RETURNS int LANGUAGE plpgsql VOLATILE AS 'begin return 1; end';
CREATE TRIGGER users_trg BEFORE INSERT ON users FOR EACH ROW EXECUTE PROCEDURE trg();
CREATE SEQUENCE s1;
CREATE UNLOGGED TABLE ul(id int PRIMARY KEY);
CREATE TABLE plain(id bigint, v text);
