"""The bench of ranking quality: what is measured, on which truth, and how sure one may be of it (`leads evaluate`)."""
