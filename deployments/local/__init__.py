"""The system on one machine: its processes and ports, from nothing to serving and back, on loopback only."""
