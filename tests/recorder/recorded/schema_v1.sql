PRAGMA application_id = 1330138451;
PRAGMA user_version = 1;
CREATE TABLE decision (
  id INTEGER NOT NULL,
  minute INTEGER NOT NULL,
  at FLOAT NOT NULL,
  asset VARCHAR NOT NULL,
  setpoint_w FLOAT,
  previous_w FLOAT,
  code VARCHAR NOT NULL,
  binding_limit VARCHAR,
  detail VARCHAR NOT NULL,
  review_at FLOAT,
  PRIMARY KEY (id)
);
CREATE INDEX decision_asset_at ON decision (asset, at);
CREATE INDEX decision_at ON decision (at);
CREATE INDEX decision_minute ON decision (minute);
CREATE TABLE dirty_quarter (
  start INTEGER NOT NULL,
  PRIMARY KEY (start)
);
CREATE TABLE mark (
  name VARCHAR NOT NULL,
  value INTEGER NOT NULL,
  PRIMARY KEY (name)
);
CREATE TABLE minute (
  start INTEGER NOT NULL,
  import_kwh FLOAT,
  export_kwh FLOAT,
  import_eur FLOAT,
  export_eur FLOAT,
  baseline_eur FLOAT,
  PRIMARY KEY (start)
);
CREATE TABLE minute_value (
  start INTEGER NOT NULL,
  series_id INTEGER NOT NULL,
  value FLOAT NOT NULL,
  PRIMARY KEY (start, series_id)
)
 WITHOUT ROWID;
CREATE TABLE "plan" (
  id INTEGER NOT NULL,
  made_at FLOAT NOT NULL,
  packed BLOB NOT NULL,
  PRIMARY KEY (id)
);
CREATE INDEX plan_made_at ON "plan" (made_at);
CREATE TABLE quarter (
  start INTEGER NOT NULL,
  minutes INTEGER NOT NULL,
  import_kwh FLOAT,
  export_kwh FLOAT,
  import_eur FLOAT,
  export_eur FLOAT,
  baseline_eur FLOAT,
  PRIMARY KEY (start)
);
CREATE TABLE quarter_value (
  series_id INTEGER NOT NULL,
  start INTEGER NOT NULL,
  mean FLOAT NOT NULL,
  minutes INTEGER NOT NULL,
  PRIMARY KEY (series_id, start)
)
 WITHOUT ROWID;
CREATE TABLE series (
  id INTEGER NOT NULL,
  name VARCHAR NOT NULL,
  PRIMARY KEY (id),
  UNIQUE (name)
);
CREATE TABLE state (
  "key" VARCHAR NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY ("key")
);
