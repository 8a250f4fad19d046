"""The scenarios, one module each: `leads bench NAME`."""
