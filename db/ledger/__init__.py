"""Money in Postgres: budgets of a day, leases of replicas, and what each call has cost."""
