"""What the product knows about ranking leads: pure functions of values, no framework and no I/O."""
