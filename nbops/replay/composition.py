"""Which runs a session's cells make.

One experiment is rarely one cell: people fit in one and evaluate in the next. The rules, in the order
in which they are asked:

1. A marked cell (`%%track`, `# track:`) is a run. So is each `with nbops.track(...)` block.
2. Exactly one MLflow run that the user's own code started in a cell *is* that cell's run; several are
   children of it.
3. A metric or a model that an unmarked cell logs belongs to the latest run whose names the cell uses,
   directly or through cells between; when there is none, the cell is a run of its own, or in a job
   the job's.
4. A parameter outside of a marked cell holds for the runs after it until it is changed; a cell with
   nothing but parameters makes no run.

A run depends on the cell runs whose names its cells used or whose files they read, and on those that
these depend on: it carries their data. What a function reads is looked up where it is called.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from blake3 import blake3

from nbops.capture.code.calls import Calls
from nbops.journal.facts import Linked
from nbops.records import RunOrigin, RunStatus, Scalar
from nbops.replay.drafts import BlockDraft, CellDraft, Logged, RunDraft, Upstream

_RUN_STATUS: dict[str, RunStatus] = {
    "running": "running",
    "ok": "finished",
    "error": "failed",
    "interrupted": "failed",
    "died": "died",
}
_MLFLOW_STATUS: dict[str, RunStatus] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "failed",
}


def run_id_of(*parts: str) -> str:
    """Id of a run that follows from what it is made of: replaying again gives it again."""
    return blake3("/".join(parts).encode()).hexdigest(length=6)


@dataclass
class Composition:
    """Runs of a session, and what belongs to the session itself."""

    runs: dict[str, RunDraft] = field(default_factory=dict)
    session: Logged = field(default_factory=lambda: Logged(""))
    upstream: dict[str, Upstream] = field(default_factory=dict)
    beyond: dict[str, list[RunDraft]] = field(default_factory=dict)
    """By cell run that is in no run: the runs whose names it uses."""

    def showing(self, run_id: str) -> list[str]:
        """Cell runs after a run that use its names, and of other runs those alone that it depends on."""
        run = self.runs[run_id]
        used = {*self.upstream[run_id].cells, *(cell.id for cell in run.cells)}
        return [
            cell_run
            for cell_run, homes in self.beyond.items()
            if run in homes and all(any(cell.id in used for cell in home.cells) for home in homes)
        ]


@dataclass
class Scene:
    """What composing needs to know of a session beyond its cells."""

    id: str
    name: str
    is_job: bool
    started: float
    ended: float | None
    status: RunStatus
    params: dict[str, Scalar]
    loose: Logged  # logged while no cell ran
    created: Iterable[str]  # runs that nbops has created in MLflow by now


def compose(scene: Scene, cells: Iterable[CellDraft], outside: list[BlockDraft]) -> Composition:
    """Make the runs of a session.

    Parameters
    ----------
    cells
        In order of execution; their `depends_on` and `run_id` are set.
    outside
        Blocks that were entered while no cell ran.
    """
    return _Composer(scene).compose(list(cells), outside)


class _Composer:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.made = Composition()
        self.params = dict(scene.params)  # in force from here on
        self.definer: dict[str, CellDraft] = {}
        self.importer: dict[str, CellDraft] = {}
        self.calls = Calls()
        self.run_of_name: dict[str, RunDraft] = {}
        self.writer: dict[str, CellDraft] = {}
        self.order: dict[str, int] = {}
        self.by_mlflow_id: dict[str, RunDraft] = {}
        self.job: RunDraft | None = None
        self.sought: set[str] = set()  # names of cells whose own MLflow run was not found yet
        self.is_seeking = False  # some cell so far started an MLflow run that was not found yet

    def compose(self, cells: list[CellDraft], outside: list[BlockDraft]) -> Composition:
        if self.scene.is_job:
            self.job = self._add(
                RunDraft(
                    id=run_id_of(self.scene.id),
                    name=self.scene.name,
                    origin="job",
                    started=self.scene.started,
                    ended=self.scene.ended,
                    status=self.scene.status,
                    params=dict(self.params),
                )
            )
        for cell in cells:
            self._place(cell)
            if self.job:
                self.job.add_cell(cell)
        for block in outside:
            self._add_block(block, None, None)
        self._give_loose()
        by_id = {cell.id: cell for cell in cells}
        for run in self.made.runs.values():
            upstream = self.made.upstream[run.id] = _upstream(run, by_id)
            if self.job and run is not self.job:
                self._drop_unused_params(run, [by_id[key] for key in upstream.cells])
        return self.made

    def _drop_unused_params(self, run: RunDraft, upstream: list[CellDraft]) -> None:
        """Leave a run only those of the job's parameters that some cell of it reads."""
        read = {name for cell in (*run.cells, *upstream) for name in _names(cell)[0]}
        own = {name for cell in run.cells for name in cell.params}
        run.params = {
            name: value
            for name, value in run.params.items()
            if name in read or name in own or name not in self.scene.params
        }

    def _place(self, cell: CellDraft) -> None:
        uses, defines, touches = _names(cell)
        reads, seeds = self.calls.read_by(cell.names) if cell.names else (set(), set())
        if cell.names:
            touches |= set(cell.names.may_touch) - defines - self.importer.keys()
        cell.depends_on = self._dependencies(cell, reads | touches)
        cell.random_state = self._random_state(cell, reads, seeds)
        importers = [self.importer[name] for name in uses | reads if name in self.importer]
        cell.imports_from = _nearest_first(importers, cell)
        for seen in cell.writes:
            self.writer[seen.uri] = cell
        homes = self._runs_of(reads | touches)
        uses_sought = not homes and not self.sought.isdisjoint(reads | touches)
        home = homes[-1] if homes else None
        self.is_seeking = self.is_seeking or _awaits_link(cell)
        if cell.mark is None:
            self.params |= cell.logged.params
        own = self._marked_run(cell)
        self._link(cell, own)
        own = own or self._linked_run(cell)
        active = self._active_mlflow_run(cell)
        awaits = self._awaits_link(cell) or uses_sought
        owner = own or self._owner(cell, [active] if active else homes, awaits_link=awaits)
        self._give(cell, owner)
        blocks = [self._add_block(block, cell, own) for block in cell.blocks]
        made = _outermost(blocks)[-1] if blocks else owner
        self._join(cell, made, homes)
        imports = set(cell.names.imports) if cell.names else set()
        for name in imports:
            self.importer[name] = cell
            self.definer.pop(name, None)
            self.run_of_name.pop(name, None)
        for name in defines - imports:
            self.definer[name] = cell
            self.importer.pop(name, None)
            self.run_of_name.pop(name, None)
            if made or home:
                self.run_of_name[name] = made or home  # type: ignore[assignment]
        for name in touches:
            self.definer[name] = cell
            if made:
                self.run_of_name[name] = made
        self._seek(defines, touches, is_sought=made is None and (uses_sought or _awaits_link(cell)))
        self.definer.update(dict.fromkeys(seeds, cell))
        if cell.names:
            self._forget(set(cell.names.names.deletes))
            self.calls.keep(cell.names)

    def _join(self, cell: CellDraft, made: RunDraft | None, homes: list[RunDraft]) -> None:
        cell.run_id = made.id if made else None
        if homes and not made:
            self.made.beyond[cell.id] = homes

    def _seek(self, defines: set[str], touches: set[str], *, is_sought: bool) -> None:
        """Whose these names are is known once a run of the user's is found; or it is known by now."""
        if is_sought:
            self.sought |= defines | touches
        else:
            self.sought -= defines

    def _forget(self, deleted: set[str]) -> None:
        """A deleted name is nobody's: who uses it later uses what a later cell binds."""
        for name in deleted:
            self.definer.pop(name, None)
            self.importer.pop(name, None)
            self.run_of_name.pop(name, None)

    def _awaits_link(self, cell: CellDraft) -> bool:
        """Whether its run may be one of the user's that is still being looked for."""
        is_open = cell.open_mlflow_run is not None and cell.open_mlflow_run not in self.by_mlflow_id
        return _awaits_link(cell) or (is_open and self.is_seeking)

    def _marked_run(self, cell: CellDraft) -> RunDraft | None:
        if cell.mark is None:
            return None
        run = self._make_cell_run(cell, "track")
        run.params |= cell.params
        cell.settle_result()
        return run

    def _make_cell_run(self, cell: CellDraft, origin: RunOrigin) -> RunDraft:
        name = cell.mark.name if cell.mark else None
        count = "" if cell.execution_count is None else f" [{cell.execution_count}]"
        return self._add(
            RunDraft(
                id=run_id_of(cell.id),
                name=name or f"{self.scene.name}{count}",
                origin=origin,
                started=cell.started or self.scene.started,
                status=_RUN_STATUS[cell.status],
                ended=cell.ended.at if cell.ended else None,
                parent=self.job.id if self.job else None,
                params=dict(self.params),
                cells=[cell],
                awaits_link=_awaits_link(cell),
            )
        )

    def _link(self, cell: CellDraft, own: RunDraft | None) -> None:
        """Attach the MLflow runs that the user's own code started in a cell."""
        links = list(cell.links.values())
        is_the_one = len(links) == 1 and cell.mlflow_runs_started <= 1
        if own and is_the_one and own.id not in self.scene.created:
            self._adopt_link(own, links[0])
            return
        for link in links:
            if link.mlflow_run_id in self.by_mlflow_id:
                continue
            alone = own is None and len(links) == 1
            run = self._add(
                RunDraft(
                    id=run_id_of(cell.id) if alone else run_id_of(link.mlflow_run_id),
                    name=link.name,
                    origin="mlflow",
                    started=link.started_at,
                    parent=own.id if own else (self.job.id if self.job else None),
                    params=dict(self.params),
                    cells=[cell],
                )
            )
            self._adopt_link(run, link)

    def _adopt_link(self, run: RunDraft, link: Linked) -> None:
        run.link = link
        run.awaits_link = False
        run.status = _MLFLOW_STATUS.get(link.status, "running")
        run.ended = link.ended_at
        if run.status == "running" and self.scene.ended is not None:  # nobody is left to end it
            run.status, run.ended = "died", self.scene.ended
        self.by_mlflow_id[link.mlflow_run_id] = run

    def _linked_run(self, cell: CellDraft) -> RunDraft | None:
        """The one MLflow run of an unmarked cell; of several, the last."""
        linked = [self.by_mlflow_id[key] for key in cell.links if key in self.by_mlflow_id]
        return linked[-1] if linked else None

    def _active_mlflow_run(self, cell: CellDraft) -> RunDraft | None:
        """Run of the user's that was started in an earlier cell and is still open in this one."""
        key = cell.open_mlflow_run
        return self.by_mlflow_id.get(key) if key else None

    def _owner(
        self, cell: CellDraft, homes: list[RunDraft], *, awaits_link: bool
    ) -> RunDraft | None:
        """Run that an unmarked cell's metrics, models, files, tags and notes belong to.

        Files, tags and notes of a cell that uses the variables of several runs belong to none of them:
        a figure that compares three models is the session's.
        """
        logged = cell.logged
        if logged.is_empty:
            return None
        if not logged.makes_a_run:
            return homes[0] if len(homes) == 1 else self.job
        if awaits_link:  # held back until it is known whose it is
            run = self._make_cell_run(cell, "metric")
            run.awaits_link = True
            return run
        if homes:
            return homes[-1]
        return self.job or self._make_cell_run(cell, "metric")

    def _give(self, cell: CellDraft, owner: RunDraft | None) -> None:
        logged = cell.logged
        if owner is None:
            self._give_to_session(logged)
            return
        if cell not in owner.cells:  # a parameter that the run has stays as it was
            known = owner.all_params
            params = {key: value for key, value in logged.params.items() if key not in known}
            logged = replace(logged, params=params)
        owner.add_cell(cell)
        owner.logged.append(logged)

    def _give_loose(self) -> None:
        loose = self.scene.loose
        if self.job:
            self.job.logged.append(loose)
        elif loose.makes_a_run:
            run = RunDraft(
                id=run_id_of(self.scene.id, "loose"),
                name=self.scene.name,
                origin="metric",
                started=self.scene.started,
                ended=self.scene.ended,
                status=self.scene.status,
                params=dict(self.params),
            )
            run.logged.append(loose)
            self._add(run)
        else:
            self._give_to_session(loose)

    def _give_to_session(self, logged: Logged) -> None:
        session = self.made.session
        session.tags |= logged.tags
        session.notes += logged.notes
        session.files |= logged.files

    def _add_block(
        self, block: BlockDraft, cell: CellDraft | None, own: RunDraft | None
    ) -> RunDraft:
        status = block.status or (_RUN_STATUS[cell.status] if cell else self.scene.status)
        ended = block.ended
        if ended is None and cell and cell.ended:
            ended = cell.ended.at
        parent = block.parent or (own.id if own else None) or (self.job.id if self.job else None)
        return self._add(
            RunDraft(
                id=block.id,
                name=block.name,
                origin="track",
                started=block.started,
                status=status,  # type: ignore[arg-type]
                ended=ended,
                parent=parent,
                params={**self.params, **block.params},
                cells=[cell] if cell else [],
                logged=[block.logged],
            )
        )

    def _add(self, run: RunDraft) -> RunDraft:
        self.order[run.id] = len(self.order)
        self.made.runs[run.id] = run
        return run

    def _dependencies(self, cell: CellDraft, names: set[str]) -> tuple[str, ...]:
        """Earlier cells whose names it uses or whose files it read, nearest first."""
        found = [self.definer[name] for name in names if name in self.definer]
        found += [self.writer[seen.uri] for seen in cell.reads if seen.uri in self.writer]
        return _nearest_first(found, cell)

    def _random_state(
        self, cell: CellDraft, reads: set[str], seeds: set[str]
    ) -> dict[str, dict[str, str | None]] | None:
        """Who seeded the generators that a cell draws from, or seeds, as its text tells."""
        seeders = {symbol: self.definer.get(symbol) for symbol in reads if symbol.endswith("()")}
        seeders |= dict.fromkeys(seeds - seeders.keys(), cell)
        found = {key[:-2]: {"seeded_by": by.id if by else None} for key, by in seeders.items()}
        return dict(sorted(found.items())) or None

    def _runs_of(self, names: set[str]) -> list[RunDraft]:
        """Runs that made what these names hold, the latest last."""
        runs = {run.id: run for name in names if (run := self.run_of_name.get(name))}
        return sorted(runs.values(), key=lambda run: self.order[run.id])


def _nearest_first(cells: Iterable[CellDraft], here: CellDraft) -> tuple[str, ...]:
    seqs = {cell.id: cell.seq for cell in cells if cell is not here}
    return tuple(sorted(seqs, key=lambda key: -seqs[key]))


def _outermost(blocks: list[RunDraft]) -> list[RunDraft]:
    """Blocks of one cell that lie in none other of it."""
    ids = {block.id for block in blocks}
    return [block for block in blocks if block.parent not in ids]


def _names(cell: CellDraft) -> tuple[set[str], set[str], set[str]]:
    if cell.names is None:
        return set(), set(), set()
    names = cell.names.names
    return set(names.uses), set(names.defines), set(cell.names.touches) - set(names.defines)


def _awaits_link(cell: CellDraft) -> bool:
    """Whether the user's own code started an MLflow run in it that was not found yet."""
    return cell.mlflow_runs_started > len(cell.links) and cell.link_missing is None


def _upstream(run: RunDraft, cells: dict[str, CellDraft]) -> Upstream:
    """What a run depends on, transitively; a cell that only imported is not followed further."""
    own = {cell.id for cell in run.cells}
    reached: set[str] = set()
    waiting = [key for cell in run.cells for key in cell.depends_on]
    while waiting:
        key = waiting.pop()
        if key in reached or key not in cells:
            continue
        reached.add(key)
        waiting.extend(cells[key].depends_on)
    imports = {key for cell in own | reached for key in cells[cell].imports_from}

    def in_order(keys: set[str]) -> tuple[str, ...]:
        return tuple(sorted(keys, key=lambda key: cells[key].seq))

    return Upstream(in_order(reached - own), in_order(imports - own - reached))
