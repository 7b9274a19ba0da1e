#!/bin/sh
# Runs wine.ipynb for cron, exported by nbops.
# Its exit code is the notebook's; what it prints goes to log/. With --due it runs if the clock is the schedule's, with --missed if a time was missed.
set -u
cd "$(dirname "$0")" || exit 1
umask 077
mkdir -p log out
log="log/$(date +%Y%m%d-%H%M%S)-$$.log"
if [ "${1:-}" = --due ] && [ "$(date +%z)" != "$(TZ=Europe/Berlin date +%z)" ]; then
  exit 0  # it is another time in Europe/Berlin: the line with --missed starts it
fi
# As many runs at once as there may be.
taken=
for place in 1; do
  exec 9> "log/.place-$place"
  if flock -n 9; then taken=$place; break; fi
done
if [ -z "$taken" ]; then
  echo "$(date): not started, one run is under way" >> log/skipped.log
  [ ! -t 2 ] || echo "not started: one run is under way" >&2
  exit 0
fi

if [ "${1:-}" = --missed ]; then
  [ -e log/.last ] || touch log/.last
  .venv/bin/python -m nbops jobs due '30 6 * * 1-5' --timezone Europe/Berlin --since log/.last || exit 0
fi
touch log/.last
if [ -r secrets.env ]; then
  while IFS= read -r line || [ -n "$line" ]; do  # as text: a password may hold what a shell reads
    line=${line#"${line%%[![:space:]]*}"}
    name=${line%%=*} value=${line#*=}
    name=${name#export }
    case "$line" in "" | \#*) continue ;; esac
    case "$name" in
      "$line" | "" | [0-9]* | *[!A-Za-z0-9_]*)
        echo "nbops: a line of secrets.env is not NAME=VALUE" >> "$log"
        continue ;;
    esac
    case "$value" in
      \"*\" | \'*\') value=${value#?} value=${value%?} ;;
    esac
    export "$name=$value"
  done < secrets.env
fi
export NBOPS_JOB=wine
export MLFLOW_EXPERIMENT_NAME=wine
OUTPUT=out/wine.ipynb
[ ! -t 2 ] || echo "It tells how it goes in $PWD/$log" >&2
ls -t log/*.log 2>/dev/null | tail -n +51 | xargs -r rm -f --
{
.venv/bin/python -m nbops run project/wine.ipynb -p depth=4 -p share=0.5 -p model=forest -p is_balanced=false -p 'title=Wine, as it is' -o "$OUTPUT" --expect-env lock.txt --timeout 900 --log
} >> "$log" 2>&1
