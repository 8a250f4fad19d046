"""Who submits queries: keys of tenants, standings, throttles, and what submitters tell of the leads they got."""
