-- A label says at which date its evidence was seen, which is not when the model was asked: outcomes are matched by it.
-- Its cost is a share of a call in nano-dollars, which eight places would lose.
ALTER TABLE llm_labels ADD COLUMN as_of timestamptz;
ALTER TABLE llm_labels ALTER COLUMN cost_usd TYPE numeric(18, 9);
COMMENT ON COLUMN llm_labels.as_of IS 'the date at which the evidence was seen; NULL: at created_at';
COMMENT ON COLUMN llm_labels.cost_usd IS 'share of its call, rounded down; cost_ledger has the call';
