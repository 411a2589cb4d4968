-- What to close at the SFU when a call is ended; empty in rows from before.
ALTER TABLE OpenAiCalls ADD COLUMN mid text NOT NULL DEFAULT '';
