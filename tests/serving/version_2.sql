-- A filled database of version 2, from before there were migrations: SQLite and PostgreSQL read it.
CREATE TABLE contact_versions (
  contact_id VARCHAR(200) NOT NULL,
  valid_from BIGINT NOT NULL,
  valid_to BIGINT NOT NULL,
  known_at BIGINT,
  program VARCHAR(200) NOT NULL,
  customer_id VARCHAR(200) NOT NULL,
  started_at BIGINT NOT NULL,
  ended_at BIGINT,
  payload TEXT NOT NULL,
  PRIMARY KEY (contact_id, valid_from)
);
CREATE INDEX arrived ON contact_versions (started_at);
CREATE INDEX history ON contact_versions (program, customer_id, started_at);
CREATE INDEX recorded ON contact_versions (known_at);
CREATE TABLE daily (
  "of" VARCHAR(100) NOT NULL,
  what VARCHAR(100) NOT NULL,
  entity VARCHAR(600) NOT NULL,
  day INTEGER NOT NULL,
  count BIGINT NOT NULL,
  total BIGINT NOT NULL,
  PRIMARY KEY ("of", what, entity, day)
);
CREATE TABLE hourly (
  "of" VARCHAR(100) NOT NULL,
  entity VARCHAR(600) NOT NULL,
  minute INTEGER NOT NULL,
  count BIGINT NOT NULL,
  PRIMARY KEY ("of", entity, minute)
);
CREATE TABLE keys (
  name VARCHAR(100) NOT NULL,
  digest VARCHAR(64) NOT NULL,
  created_at BIGINT NOT NULL,
  revoked BOOLEAN NOT NULL,
  PRIMARY KEY (name),
  UNIQUE (digest)
);
CREATE TABLE meta (
  name VARCHAR(100) NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE scores (
  moment VARCHAR(10) NOT NULL,
  contact_id VARCHAR(200) NOT NULL,
  risk FLOAT NOT NULL,
  repeated_probability FLOAT NOT NULL,
  repeated_band VARCHAR(10) NOT NULL,
  escalation_probability FLOAT NOT NULL,
  escalation_band VARCHAR(10) NOT NULL,
  program VARCHAR(200) NOT NULL,
  customer_id VARCHAR(200) NOT NULL,
  agent_id VARCHAR(200),
  queue VARCHAR(200),
  team VARCHAR(200),
  started_at BIGINT NOT NULL,
  at BIGINT NOT NULL,
  scored_at BIGINT NOT NULL,
  answer TEXT NOT NULL,
  PRIMARY KEY (moment, contact_id)
);
CREATE INDEX worst_first ON scores (moment, risk, contact_id);
CREATE TABLE users (
  name VARCHAR(100) NOT NULL,
  password VARCHAR(200) NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE sessions (
  digest VARCHAR(64) NOT NULL,
  "user" VARCHAR(100) NOT NULL,
  expires_at BIGINT NOT NULL,
  PRIMARY KEY (digest),
  FOREIGN KEY("user") REFERENCES users (name) ON DELETE CASCADE
);
CREATE INDEX ix_sessions_user ON sessions ("user");
INSERT INTO meta VALUES ('schema', '2');
INSERT INTO meta VALUES ('rates_policy', 'abc');
INSERT INTO users VALUES ('ada', 'argon2', 1);
INSERT INTO sessions VALUES ('5e55', 'ada', 9000000000000000);
INSERT INTO keys VALUES ('desktop', 'aaaa', 5, FALSE);
INSERT INTO keys VALUES ('gone', 'bbbb', 6, TRUE);
INSERT INTO contact_versions VALUES ('c1', -9223372036854775808, 1772361000000000, 1772360400000000, 'acme', 'u1', 1772359800000000, 1772360400000000, '{"reason": "Rechnung für März"}');
INSERT INTO contact_versions VALUES ('c1', 1772361000000000, 9223372036854775807, 1772361000000000, 'acme', 'u1', 1772359800000000, 1772360400000000, '{"csat": 2.0, "reason": "Rechnung für März"}');
INSERT INTO contact_versions VALUES ('c2', -9223372036854775808, 9223372036854775807, NULL, '', '', 1772362800000000, NULL, '{}');
INSERT INTO scores VALUES ('wrapup', 'c1', 0.6, 0.6, 'high', 0.1, 'low', 'acme', 'u1', 'a-7', 'billing', NULL, 1772359800000000, 1772360400000000, 1772360400500000, '{"reasons": [], "next_issues": [], "history": {}, "model": {}, "policy": "abc", "degraded": []}');
INSERT INTO daily VALUES ('queue', 'volume', '["acme","billing"]', 20512, 3, 3);
INSERT INTO hourly VALUES ('queue', '["acme","billing"]', 29539320, 3);
