DROP TRIGGER miners_changed ON miners;
ALTER TABLE miners DROP COLUMN txid;
