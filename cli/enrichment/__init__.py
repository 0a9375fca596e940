"""What the commands of enrichment read and write in a stack."""
