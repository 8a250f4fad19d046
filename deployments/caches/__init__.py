"""What replicas share through Redis: only what may be lost, never waited for longer than some milliseconds."""
