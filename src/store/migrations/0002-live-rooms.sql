-- What a restart needs: the rooms that are alive now, and the AI calls that somebody still has to close.
CREATE TABLE LiveRooms (
  name text PRIMARY KEY NOT NULL,
  meetingId text NOT NULL,
  revision integer NOT NULL
) WITHOUT ROWID;

CREATE TABLE LiveParticipants (
  room text NOT NULL REFERENCES LiveRooms (name) ON DELETE CASCADE,
  id text NOT NULL,
  owner text NOT NULL,
  role text NOT NULL,
  -- The user as in roomState, JSON.
  user text NOT NULL,
  -- Milliseconds since the epoch.
  lastSeenAt integer NOT NULL,
  PRIMARY KEY (room, id)
) WITHOUT ROWID;

CREATE TABLE OpenAiCalls (
  callId text PRIMARY KEY NOT NULL,
  sessionId text NOT NULL,
  trackName text NOT NULL,
  meetingId text NOT NULL,
  openedAt integer NOT NULL
) WITHOUT ROWID;
