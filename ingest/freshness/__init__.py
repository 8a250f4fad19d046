"""What changes in Postgres, brought into the serving snapshot within seconds."""
