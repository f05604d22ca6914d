-- Until when what had come. at: the hub's clock (Unix milliseconds) when both sides agreed and every change-set numbered up to
-- upto was at the hub. It bounds from above when those were written, whatever their authors' clocks said.
CREATE TABLE arrivals (
  upto INTEGER PRIMARY KEY,
  at   INTEGER NOT NULL
);

-- Own saves that no hub has acknowledged yet, one row for each change-set that holds a piece of one. at: by this laptop's
-- clock, Unix milliseconds rounded down to ten minutes: enough for an age, too little for a timetable of somebody's night.
-- urgent: 0 an ordinary change, 1 a new record, 2 an alert.
CREATE TABLE outbox (
  set_id INTEGER NOT NULL REFERENCES sets (id),
  save   INTEGER NOT NULL,
  at     INTEGER NOT NULL,
  urgent INTEGER NOT NULL,
  PRIMARY KEY (set_id, save)
) WITHOUT ROWID;
