DROP TABLE shadow_lists;
