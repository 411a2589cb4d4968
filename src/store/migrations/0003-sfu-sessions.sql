-- Which login opened which SFU session, and what it publishes there: who may use it, and what to close when that user leaves.
CREATE TABLE SfuSessions (
  sessionId text PRIMARY KEY NOT NULL,
  owner text NOT NULL,
  -- Milliseconds since the epoch.
  openedAt integer NOT NULL,
  -- JSON: [{ "mid", "trackName" }]
  tracks text NOT NULL
) WITHOUT ROWID;
