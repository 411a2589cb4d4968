-- Also users' own connections to the AI, which have no call: what is to be closed is known by its SFU session.
ALTER TABLE OpenAiCalls RENAME TO OpenAiCallsByCall;

CREATE TABLE OpenAiCalls (
  sessionId text PRIMARY KEY NOT NULL,
  mid text NOT NULL,
  -- Empty for a user's connection.
  callId text NOT NULL,
  trackName text NOT NULL,
  meetingId text NOT NULL,
  -- Milliseconds since the epoch.
  openedAt integer NOT NULL
) WITHOUT ROWID;

INSERT OR IGNORE INTO OpenAiCalls
SELECT sessionId, mid, callId, trackName, meetingId, openedAt FROM OpenAiCallsByCall;

DROP TABLE OpenAiCallsByCall;
