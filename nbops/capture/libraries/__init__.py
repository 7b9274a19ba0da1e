"""Libraries that read and write data behind Python's back: how their calls are noticed, and what they mean."""
