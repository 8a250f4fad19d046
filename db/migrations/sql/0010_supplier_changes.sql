ALTER TABLE miners ADD COLUMN txid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX miners_txid ON miners (txid);
COMMENT ON COLUMN miners.txid IS 'the transaction that last flagged or throttled the supplier, or no longer did';

-- Counting what suppliers send is no change that anybody follows.
CREATE TRIGGER miners_changed BEFORE UPDATE ON miners FOR EACH ROW
    WHEN (OLD.is_flagged IS DISTINCT FROM NEW.is_flagged OR OLD.throttled_until IS DISTINCT FROM NEW.throttled_until)
    EXECUTE FUNCTION stamp_change();
