"""What comes in: importers, company resolution, index building, the synthetic world."""
