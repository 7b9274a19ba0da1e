"""Which files and folders a cell reads and writes: what is opened, whose it is, and what is written down of it."""
