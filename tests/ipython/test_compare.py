"""Comparing runs from a notebook."""

from kernels import Kernel


def test_runs_are_compared_where_they_were_made(kernel: Kernel):
    kernel.run("%%track forest depth=2\nauc = depth / 8\nauc", "fit")
    kernel.run("%%track forest depth=4\nauc = depth / 8\nauc", "fit")
    shown = kernel.run("%track compare", "look")
    assert "depth: 2 → 4" in shown.result
    assert '<div class="nbops-compare">' in shown.results[-1]["text/html"]
    kernel.run("import nbops\nfound = nbops.compare('last~1', 'last')")
    values = kernel.run("[(row.kind, row.name, row.values) for row in found.differences]").result
    assert values == "[('param', 'depth', (2, 4))]"
    assert "| depth | 2 | 4 |" in kernel.run("print(found.to_markdown())").text
    assert kernel.run("found.to_html()[:15]").result == "'<!DOCTYPE html>'"
    wrong = kernel.run("%track compare nothing last")
    assert (wrong.error, "no run 'nothing'" in wrong.text) == ("", True)
