DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT attname FROM pg_attribute WHERE attrelid = 'queries'::regclass AND attnum > 0 AND NOT attisdropped
    LOOP
        EXECUTE format('ALTER TABLE queries ALTER COLUMN %I SET STATISTICS -1', found.attname);
    END LOOP;
END $$;
