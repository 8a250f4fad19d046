-- Every change carries the id of its transaction: readers follow ids below their snapshot's xmin, so late commits are not lost.
CREATE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.txid := pg_current_xact_id();
    RETURN NEW;
END $$;

CREATE TRIGGER companies_changed BEFORE UPDATE ON companies FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER leads_changed BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION stamp_change();
CREATE TRIGGER intent_snippets_changed BEFORE UPDATE ON intent_snippets
    FOR EACH ROW EXECUTE FUNCTION stamp_change();

CREATE FUNCTION bury_company() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tombstones (entity, entity_id, company_id)
    VALUES ('company', OLD.company_id, OLD.company_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE FUNCTION bury_lead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tombstones (entity, entity_id, company_id)
    VALUES ('lead', OLD.lead_id, OLD.company_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

-- On the keys, not on the partitions: dropping old partitions buries nothing, erasing a snippet removes its key.
CREATE FUNCTION bury_snippet() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tombstones (entity, entity_id, company_id)
    VALUES ('snippet', OLD.miner_id || E'\x1f' || OLD.snippet_id, OLD.company_id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE TRIGGER companies_deleted AFTER DELETE ON companies FOR EACH ROW EXECUTE FUNCTION bury_company();
CREATE TRIGGER leads_deleted AFTER DELETE ON leads FOR EACH ROW EXECUTE FUNCTION bury_lead();
CREATE TRIGGER snippets_deleted AFTER DELETE ON snippet_keys FOR EACH ROW EXECUTE FUNCTION bury_snippet();
