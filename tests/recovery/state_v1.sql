BEGIN TRANSACTION;
CREATE TABLE component(
  instance TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY(instance, key)) STRICT, WITHOUT ROWID;
CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "counter" VALUES('fence',2);
INSERT INTO "counter" VALUES('synced',0);
CREATE TABLE epoch(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, number INTEGER NOT NULL,
  source TEXT NOT NULL, part TEXT NOT NULL, position BLOB NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(flow, task, slice, generation, number, source, part)) STRICT;
CREATE TABLE flow_text(n INTEGER PRIMARY KEY, hash INTEGER NOT NULL, text TEXT NOT NULL) STRICT;
INSERT INTO "flow_text" VALUES(1,-5367756401221032592,'{"connections":{},"flow":"golden","hooks":{"failure":[],"late":[],"success":[]},"outputs":{},"parameters":{"day":{"default":"2026-01-01","type":"date"}},"tasks":{"after":{"action":{"options":{"command":["test","-e","now"],"inherit":true,"kill_after":"5s","result":"none","success":[0]},"use":"program"},"after":["land"],"deferred":false,"retry":{"delay":"1s","factor":2E0,"jitter":"full","max_delay":"5m","on":[-8,-11,-9],"retries":0},"trigger":"all_success"},"land":{"after":[],"deferred":false,"pipeline":{"delivery":"as_planned","limits":{"epoch_rows":2},"sink":{"options":{"header":true,"null":"","path":"out.ndjson","quote":"\""},"use":"files"},"source":{"options":{"columns":{"id":"int64"},"header":true,"incremental":false,"max_record":"64MiB","path":"in.csv","quote":"\"","sample":1000,"sequence":false,"skip_lines":0,"trim":false},"use":"files"},"steps":[]},"retry":{"delay":"1s","factor":2E0,"jitter":"full","max_delay":"5m","on":[-8,-11,-9],"retries":0},"trigger":"all_success"},"last":{"action":{"options":{},"use":"nothing"},"after":["after"],"deferred":false,"retry":{"delay":"1s","factor":2E0,"jitter":"full","max_delay":"5m","on":[-8,-11,-9],"retries":0},"trigger":"all_success"}},"values":{"day":"2026-01-01"}}');
CREATE TABLE generation(
  flow TEXT NOT NULL, task TEXT NOT NULL, number INTEGER NOT NULL, run TEXT NOT NULL, complete INTEGER NOT NULL,
  started_at INTEGER NOT NULL, PRIMARY KEY(flow, task)) STRICT, WITHOUT ROWID;
INSERT INTO "generation" VALUES('golden','land',1795872904139857764,'a18c',1,1795872904139857764);
CREATE TABLE lease(
  key TEXT PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, birth TEXT NOT NULL, run TEXT NOT NULL,
  fence INTEGER NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "lease" VALUES('flow/golden','elsewhere',1,'x/y/z/1','',1,1795872904132942609,0);
CREATE TABLE log(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  attempt INTEGER NOT NULL, at INTEGER NOT NULL, level INTEGER NOT NULL, message TEXT NOT NULL,
  fields TEXT NOT NULL) STRICT;
CREATE TABLE progress(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, source TEXT NOT NULL,
  part TEXT NOT NULL, fence INTEGER NOT NULL, token BLOB, intent BLOB NOT NULL, digest BLOB NOT NULL,
  owner TEXT NOT NULL, updated_at INTEGER NOT NULL, PRIMARY KEY(flow, task, slice, generation, source, part)) STRICT;
CREATE TABLE run(
  n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, flow TEXT NOT NULL, flow_digest TEXT NOT NULL,
  flow_text INTEGER NOT NULL, parameters TEXT NOT NULL, environment TEXT NOT NULL, state TEXT NOT NULL,
  name TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, created_at INTEGER NOT NULL,
  started_at INTEGER NOT NULL, ended_at INTEGER NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL,
  birth TEXT NOT NULL, lease TEXT NOT NULL, generation TEXT NOT NULL, parent_run TEXT NOT NULL,
  parent_task TEXT NOT NULL, continued_from TEXT NOT NULL, fence INTEGER NOT NULL) STRICT;
INSERT INTO "run" VALUES(1,'a18c','golden','e8d8a20e0029171731900acbc94a251f9fbf54c0bd4bdabdf9d5dae1e28718f2',1,'{"day":"2026-01-01"}','','failed','Failed','user_error','after: tasks.after: ''test'' ended with exit status 1',1795872904133830847,1795872904133830847,1795872904286850812,'elsewhere',1,'x/y/z/1','flow/golden','','','','',2);
CREATE TABLE schema_version(version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT;
INSERT INTO "schema_version" VALUES(1,1795872904112429519);
CREATE TABLE slot(
  key TEXT NOT NULL, n INTEGER NOT NULL, run TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  PRIMARY KEY(key, n)) STRICT, WITHOUT ROWID;
INSERT INTO "slot" VALUES('db',0,'','','');
INSERT INTO "slot" VALUES('db',1,'','','');
CREATE TABLE slot_limit(key TEXT PRIMARY KEY, slots INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO "slot_limit" VALUES('db',2);
CREATE TABLE snapshot(
  flow TEXT NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, generation TEXT NOT NULL, step TEXT NOT NULL,
  part TEXT NOT NULL, epoch INTEGER NOT NULL, state BLOB NOT NULL, updated_at INTEGER NOT NULL,
  PRIMARY KEY(flow, task, slice, generation, step, part, epoch)) STRICT;
CREATE TABLE task_run(
  n INTEGER PRIMARY KEY, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL, attempt INTEGER NOT NULL,
  state TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, message TEXT NOT NULL, started_at INTEGER NOT NULL,
  ended_at INTEGER NOT NULL, next_attempt_at INTEGER NOT NULL, rows_in INTEGER NOT NULL, rows_out INTEGER NOT NULL,
  rows_rejected INTEGER NOT NULL, bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, result TEXT NOT NULL,
  UNIQUE(run, task, slice)) STRICT;
INSERT INTO "task_run" VALUES(1,1,'land','',1,'completed','Completed','','',1795872904139610452,1795872904273208581,0,5,5,0,13,0,'');
INSERT INTO "task_run" VALUES(2,1,'after','',1,'failed','Failed','user_error','tasks.after: ''test'' ended with exit status 1',1795872904286610454,1795872904286760644,0,0,0,0,0,0,'');
INSERT INTO "task_run" VALUES(3,1,'last','',1,'skipped','UpstreamFailed','dependency','a task before it did not complete',0,1795872904286814545,0,0,0,0,0,0,'');
CREATE TABLE transition(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run INTEGER NOT NULL, task TEXT NOT NULL, slice TEXT NOT NULL,
  attempt INTEGER NOT NULL, from_state TEXT, to_state TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL,
  message TEXT NOT NULL, at INTEGER NOT NULL, fence INTEGER NOT NULL) STRICT;
INSERT INTO "transition" VALUES(1,1,'','',0,NULL,'running','Running','','',1795872904133830847,2);
INSERT INTO "transition" VALUES(2,1,'land','',1,NULL,'running','Running','','',1795872904139610452,2);
INSERT INTO "transition" VALUES(3,1,'land','',1,'running','completed','Completed','','',1795872904273208581,2);
INSERT INTO "transition" VALUES(4,1,'after','',1,NULL,'running','Running','','',1795872904286610454,2);
INSERT INTO "transition" VALUES(5,1,'after','',1,'running','failed','Failed','user_error','tasks.after: ''test'' ended with exit status 1',1795872904286760644,2);
INSERT INTO "transition" VALUES(6,1,'last','',1,NULL,'skipped','UpstreamFailed','dependency','a task before it did not complete',1795872904286814545,2);
INSERT INTO "transition" VALUES(7,1,'','',0,'running','failed','Failed','user_error','after: tasks.after: ''test'' ended with exit status 1',1795872904286850812,2);
CREATE INDEX flow_text_by_hash ON flow_text(hash);
CREATE INDEX run_by_flow ON run(flow, n);
CREATE INDEX run_by_parent ON run(parent_run) WHERE parent_run <> '';
CREATE INDEX run_open ON run(n) WHERE ended_at = 0;
CREATE INDEX transition_by_run ON transition(run, seq);
CREATE INDEX log_by_run ON log(run, seq);
CREATE INDEX slot_by_run ON slot(run, task, slice) WHERE run <> '';
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('run',1);
INSERT INTO "sqlite_sequence" VALUES('transition',7);
COMMIT;
