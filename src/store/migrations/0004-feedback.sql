-- What is on its way to FEEDBACK_URL. A row is there until it has arrived or is a dead letter.
CREATE TABLE FeedbackOutbox (
  -- The order of arrival.
  seq integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  id text UNIQUE NOT NULL,
  -- Milliseconds since the epoch, as all times here.
  createdAt integer NOT NULL,
  -- One Google Chat card with its id, JSON.
  card text NOT NULL,
  -- Rows of one batch travel in one request. Set at the first claim, and kept over all attempts.
  batchId text,
  -- The last claim, if it has not been given back.
  claimId text,
  -- How often the batch has been claimed.
  attempts integer DEFAULT 0 NOT NULL,
  -- From when it may be claimed: the end of a wait, or of a lease.
  dueAt integer DEFAULT 0 NOT NULL
);

-- What was given up, for a person to read.
CREATE TABLE FeedbackDeadLetters (
  seq integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  id text NOT NULL,
  createdAt integer NOT NULL,
  diedAt integer NOT NULL,
  reason text NOT NULL,
  card text NOT NULL
);

-- One row: the target's rate limit holds over restarts, and for all senders together.
CREATE TABLE FeedbackPace (
  one integer PRIMARY KEY CHECK (one = 1) NOT NULL,
  claimedAt integer NOT NULL
);

CREATE TABLE BugReports (
  seq integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  id text UNIQUE NOT NULL,
  -- The login of the reporter.
  owner text NOT NULL,
  createdAt integer NOT NULL,
  -- What the reporter's page has seen of the room, JSON.
  history text NOT NULL
);
