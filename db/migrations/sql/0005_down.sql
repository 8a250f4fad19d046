DROP TABLE snippet_repeats;
DROP TABLE snippet_sketches;
