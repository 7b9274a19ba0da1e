"""The world -> facts, one kind of fact a file.

What runs inside the kernel here (data, marks, machine) is held to microseconds and never raises into
the user's code; what can be told later from the record (names, packages, git) is called by the
background process.
"""
