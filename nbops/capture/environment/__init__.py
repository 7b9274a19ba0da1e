"""What a cell runs in: packages and their origins, machine, variables, the git work tree."""
