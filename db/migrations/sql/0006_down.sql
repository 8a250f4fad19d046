DROP TABLE producer_keys;
