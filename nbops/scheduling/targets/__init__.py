"""Systems that jobs go to, a file each. None imports what it emits for."""
