"""Public pages to snippets: job boards, observed technology stacks, and which company a page speaks of (F-6)."""
