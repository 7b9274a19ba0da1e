"""What a workflow does with a push: runs what the change affects, and compares its metrics with the base branch's."""

from typing import TYPE_CHECKING

from nbops.scheduling.command import break_line, output_of, run_pipeline, run_step, variable
from nbops.scheduling.template import fill

if TYPE_CHECKING:
    from nbops.scheduling.job import Job

_STEP = """\
- name: Run and compare with the base branch
  if: github.event_name == 'push'
  shell: bash
  env:
    BASE: ${{ github.ref_name == github.event.repository.default_branch && github.event.before || format('origin/{0}', github.event.repository.default_branch) }}
    <<values>>
  run: |
    <<script>>
"""

_NOTEBOOK = """\
export NBOPS_WORKSPACE="$PWD" LOCK="$PWD/<<lock>>"
mkdir -p executed
run() {
  <<command>>
}
run "$NBOPS_WORKSPACE/executed/<<output>>" | tee executed/new.txt
new=$(sed -n 's/^What was recorded: nbops show //p' executed/new.txt)
echo "## <<name>>" >> "$GITHUB_STEP_SUMMARY"
if ! git worktree add --quiet --detach <<base>> "$BASE"; then
  echo "There is no commit before this one to compare with." >> "$GITHUB_STEP_SUMMARY"
elif [ ! -e "<<base>>/<<place>><<source>>" ]; then
  echo "The base branch has no <<source>>." >> "$GITHUB_STEP_SUMMARY"
elif (cd "<<base>>/<<place>>" && PYTHONPATH="${PYTHONPATH//$NBOPS_WORKSPACE/$PWD}" run "$NBOPS_WORKSPACE/executed/base-<<output>>") | tee executed/base.txt; then
  old=$(sed -n 's/^What was recorded: nbops show //p' executed/base.txt)
  python -m nbops.scheduling.against "$old" "$new" >> "$GITHUB_STEP_SUMMARY"
else
  echo "The base branch's notebook does not run with these values and packages." >> "$GITHUB_STEP_SUMMARY"
fi
git worktree remove --force <<base>> 2> /dev/null || true
"""

_PIPELINE = """\
mkdir -p executed
trap 'cp -r .nbops/executed/. executed/ 2> /dev/null || true' EXIT
project=$PWD here=$(git rev-parse HEAD) LOCK="$PWD/executed/lock.txt"
cp <<lock>> "$LOCK"
run() {
  <<command>>
}
# The base first, in the same place: of what is here only the steps run then that the change affects.
echo "## <<name>>" >> "$GITHUB_STEP_SUMMARY"
if ! git checkout --quiet --force --detach "$BASE"; then
  echo "There is no commit before this one to compare with." >> "$GITHUB_STEP_SUMMARY"
elif [ ! -e "<<source>>" ]; then
  echo "The base branch has no <<source>>." >> "$GITHUB_STEP_SUMMARY"
elif ! run > executed/base.json; then
  echo "Not all of the base branch's steps run with these values and packages." >> "$GITHUB_STEP_SUMMARY"
fi
git checkout --quiet --force "$here" && cd "$project"
run > executed/new.json
[ -s executed/base.json ] || echo '{"steps": []}' > executed/base.json
python -m nbops.scheduling.against executed/base.json executed/new.json >> "$GITHUB_STEP_SUMMARY"
"""


def compare_push(job: "Job", values: dict[str, str], env: str, lock: str, place: str) -> str:
    """The workflow's step for pushes.

    Parameters
    ----------
    values
        Variables of the shell that hold the parameters, by the name of their setting.
    env
        Lines of YAML that give them.
    lock
        Path of the lock, as commands see it, which work in the project.
    place
        Where the project lies in the repository: `reports/`; empty at its root.
    """
    expected = variable("LOCK")
    if job.is_pipeline:
        words = run_pipeline(job, values=values, project=".", lock=expected, is_whole=False)
        script = fill(
            _PIPELINE,
            name=job.name,
            lock=lock,
            command=break_line([*words, "--json"]),
            source=job.place_of(job.source),
        )
    else:
        (step,) = job.steps
        words = run_step(job, step, values=values, project=".", lock=expected, output=variable("1"))
        script = fill(
            _NOTEBOOK,
            name=job.name,
            lock=lock,
            command=break_line(words),
            output=output_of(step),
            base="../" * place.count("/") + "../base",
            place=place,
            source=job.place_of(step.notebook),
        )
    return fill(_STEP, values=env, script=script)
