DROP TRIGGER outcomes_told ON outcomes;
DROP TABLE query_performance;
DROP TABLE query_feedback;
DROP FUNCTION note_query_feedback();
DROP INDEX query_submitter_throttles_open;
ALTER TABLE query_submitter_throttles DROP COLUMN is_open;
ALTER TABLE query_quality_reputation RESET (fillfactor);
ALTER TABLE query_quality_reputation
    DROP COLUMN flags, DROP COLUMN unheard, DROP COLUMN heard_at, DROP COLUMN is_served, DROP COLUMN is_trusted;
