DROP TABLE screening_progress;
DROP TABLE emission_reports;
DROP TABLE miner_judgements;
DROP TABLE snippet_flags;
