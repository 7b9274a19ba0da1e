"""Which pipeline follows from what notebooks were seen to read and write; and how it is drawn."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

from nbops.jobs.pipeline.drawing import draw_svg, show_graph
from nbops.jobs.pipeline.graph import Edge, Graph
from nbops.jobs.pipeline.inference import infer, write_yaml
from nbops.jobs.pipeline.layout import lay_out
from nbops.jobs.pipeline.observing import Observed
from nbops.records import DataRef
from nbops.workspace import Workspace


@pytest.fixture
def folder(fresh_workspace: Workspace) -> Path:
    return fresh_workspace.root


def seen(folder: Path, name: str, at: int, reads: str = "", writes: str = "") -> Observed:
    """A notebook that read and wrote files, each said as `path=content`."""

    def refs(text: str) -> list[DataRef]:
        found = []
        for pair in text.split():
            path, _, content = pair.partition("=")
            (folder / path).touch()
            found.append(
                DataRef(uri=f"file://{folder}/{path}", name=path, digest=f"file1:{content}")
            )
        return found

    written = refs(writes)
    versions = {ref.uri: {ref.digest or ""} for ref in written}
    return Observed(f"{folder}/{name}.ipynb", f"2026-01-0{at}", refs(reads), written, versions)


def test_files_that_one_wrote_and_another_read_lead_from_step_to_step(folder: Path):
    found = infer(
        [
            seen(folder, "evaluate", 3, "model=m test=t", "scores=s"),
            seen(folder, "train", 2, "train=r", "model=m"),
            seen(folder, "prepare", 1, "raw=0", "train=r test=t"),
            seen(folder, "scratch", 4, "other=o"),
        ],
        folder,
    )
    assert found.steps == {
        "prepare": {"notebook": "prepare.ipynb", "reads": ["raw"], "writes": ["test", "train"]},
        "train": {"notebook": "train.ipynb", "reads": ["train"], "writes": ["model"]},
        "evaluate": {
            "notebook": "evaluate.ipynb",
            "reads": ["model", "test"],
            "writes": ["scores"],
        },
    }
    assert found.left_out == ["scratch.ipynb: it shares no file with another notebook"]
    assert yaml.safe_load(write_yaml(found, "s.json")) == {"steps": found.steps}
    assert write_yaml(found, "s.json").startswith("# yaml-language-server: $schema=s.json\n")


def test_a_copy_under_another_name_is_said_by_after(folder: Path):
    found = infer([seen(folder, "a", 1, "", "f=1"), seen(folder, "b", 2, "copy=1")], folder)
    assert found.steps["b"] == {"notebook": "b.ipynb", "after": ["a"], "reads": ["copy"]}


def test_what_another_notebook_wrote_with_another_content_is_no_edge(folder: Path):
    found = infer([seen(folder, "a", 1, "", "f=1"), seen(folder, "b", 2, "f=2")], folder)
    assert found.steps == {}
    assert len(found.left_out) == 2


def test_a_circle_is_cut_and_told(folder: Path):
    found = infer([seen(folder, "a", 1, "g=2", "f=1"), seen(folder, "b", 2, "f=1", "g=2")], folder)
    assert list(found.steps) == ["a", "b"]
    assert any("after it had read" in told for told in found.left_out)


def test_what_is_gone_outside_or_no_file_is_left_out_with_its_reason(folder: Path, tmp_path: Path):
    a = seen(folder, "a", 1, "", "f=1 gone=2")
    b = seen(folder, "b", 2, "f=1")
    (folder / "gone").unlink()
    (tmp_path / "far").touch()
    b.reads.append(DataRef(uri=f"file://{tmp_path}/far", name="far", digest="file1:9"))
    b.reads.append(DataRef(uri="https://x/y", name="https://x/y", kind="url", digest="remote1:1"))
    found = infer([a, b], folder)
    assert found.steps["b"]["reads"] == ["f"]
    assert found.left_out == [
        "a: gone: it is gone",
        "b: ../far: it lies outside of the project",
        "b: https://x/y: it is a url, not a file",
    ]


GRAPH = Graph(
    "a & b",
    ("raw", "clean", "train<1>", "train<2>", "report"),
    {name: f"{name}.ipynb" for name in ("raw", "clean", "train<1>", "train<2>", "report")},
    (
        Edge("raw", "clean", ("raw.csv",)),
        Edge("clean", "train<1>", ("t.csv", "u.csv")),
        Edge("clean", "train<2>", ("t.csv",)),
        Edge("train<1>", "report", ("1.pkl",)),
        Edge("train<2>", "report"),
        Edge("raw", "report", ("raw.csv",)),
    ),
)


def test_a_drawing_goes_from_left_to_right_and_hides_nothing():
    layout = lay_out(GRAPH)
    for edge in GRAPH.edges:
        stops = [layout.steps[edge.source], *layout.ways[edge.source, edge.target]]
        layers = [layer for layer, _ in [*stops, layout.steps[edge.target]]]
        assert layers == list(range(layers[0], layers[-1] + 1))
    places = [*layout.steps.values(), *(place for way in layout.ways.values() for place in way)]
    assert len(set(places)) == len(places)
    drawn = ET.fromstring(draw_svg(GRAPH))  # noqa: S314 - our own
    texts = ["".join(each.itertext()) for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"train<1>", "train<1>.ipynb", "t.csv +1", "raw.csv"} <= set(texts)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}rect"))) == 5


def test_a_terminal_shows_who_hands_what_to_whom():
    assert show_graph(GRAPH).splitlines()[:6] == [
        "raw  (raw.ipynb)",
        "├─ raw.csv → clean",
        "└─ raw.csv → report",
        "clean  (clean.ipynb)",
        "├─ t.csv, u.csv → train<1>",
        "└─ t.csv → train<2>",
    ]
