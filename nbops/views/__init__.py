"""Records as people read them: plain text for terminals, HTML for notebooks, from the same values.

Each view is a small object with `__str__` and `_repr_html_`, so that a magic or a function can return
it and every front end shows what it can.
"""
