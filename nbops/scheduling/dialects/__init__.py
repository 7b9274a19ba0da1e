"""A schedule in the words of one system, a file each, or the reason why it cannot say it."""
