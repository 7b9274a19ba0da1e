"""What other processes read and write: workers, and programs that a cell starts."""
