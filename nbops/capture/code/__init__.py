"""What a cell's text says, without running it: names, random numbers, paths, magics."""
