"""When notebooks run without anybody starting them, here or on a system that a team has."""
