"""Ray Serve shells around plain classes: HTTP, calls between nodes, coalescing, telemetry."""
