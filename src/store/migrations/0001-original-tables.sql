-- The original server's tables, with its names, columns and defaults, so that queries and dumps made for it work here.
CREATE TABLE Meetings (
  id text PRIMARY KEY NOT NULL,
  created text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  modified text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  deleted text,
  -- The most users that were there at once.
  userCount integer NOT NULL,
  ended text
);

CREATE TABLE AnalyticsRefreshes (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  created text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  modified text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  deleted text,
  version text NOT NULL
);

CREATE TABLE AnalyticsSimpleCallFeedback (
  id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
  created text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  modified text DEFAULT CURRENT_TIMESTAMP NOT NULL,
  deleted text,
  version text NOT NULL,
  experiencedIssues integer NOT NULL,
  meetingId text REFERENCES Meetings (id)
);
