"""The filters of a query evaluated on the snapshot's columns, in memory (F-2)."""
