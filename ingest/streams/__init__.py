"""What suppliers and customers stream: messages checked, stored exactly once, or kept aside with a reason."""
