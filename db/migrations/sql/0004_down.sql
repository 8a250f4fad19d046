ALTER TABLE llm_labels ALTER COLUMN cost_usd TYPE numeric(14, 8);
ALTER TABLE llm_labels DROP COLUMN as_of;
