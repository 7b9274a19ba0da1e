"""What a session wrote down: facts in the order they happened, append-only, chained by digest.

A session's folder holds two files with one writer each: the kernel's `journal.jsonl` and the
background process's `findings.jsonl`. This room appends and reads them; what they mean for the
people who look at runs is `nbops.replay`'s to say.
"""
