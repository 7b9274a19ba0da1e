"""What must never be written: secrets, private columns and paths, and what stands in their place."""
