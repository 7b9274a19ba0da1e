"""How much of what cells read was seen, and by what: one line."""

from collections.abc import Mapping

_KNOWN = ("audit", "wrapper", "monitor", "user")
_NET = ("net", "name")


def say_coverage(counts: Mapping[str, int], net_problem: str | None = None) -> str:
    """A session's coverage in words.

    Parameters
    ----------
    net_problem
        Why what was opened besides is not, or not wholly, known.

    >>> say_coverage({"audit": 9, "wrapper": 3, "unexplained": 0})
    '12 reads: 9 by audit, 3 by wrapper, 0 only by the net, 0 unexplained; all with a digest'
    >>> say_coverage({"audit": 1, "name": 1, "missing": 1})
    '2 reads: 1 by audit, 1 only by the net; 1 without a digest'
    >>> say_coverage({"audit": 2, "waiting": 1})
    '2 reads: 2 by audit, 0 only by the net; 1 not hashed yet'
    >>> say_coverage({"code": 1})
    'no data was read; 1 more named in the code, and not seen to be read'
    >>> say_coverage({"uncredited": 1})
    'no data was read; 1 file opened by no running cell'
    """
    by = [f"{counts[how]} by {_HOW.get(how, how)}" for how in _KNOWN if counts.get(how)]
    net = sum(counts.get(how, 0) for how in _NET)
    by.append(f"{net} only by the net")
    if "unexplained" in counts:  # else nobody measured
        by.append(f"{counts['unexplained']} unexplained")
    total = net + sum(counts.get(how, 0) for how in _KNOWN)
    named = counts.get("code", 0)
    besides = f"; {named} more named in the code, and not seen to be read" if named else ""
    if outside := counts.get("uncredited", 0):
        besides += f"; {outside} {'file' if outside == 1 else 'files'} opened by no running cell"
    if not total and not counts.get("unexplained"):
        return f"no data was read{besides}"
    missing = counts.get("missing", 0)
    reads = "1 read" if total == 1 else f"{total} reads"
    waiting = counts.get("waiting", 0)
    gaps = [f"{missing} without a digest"] if missing else []
    gaps += [f"{waiting} not hashed yet"] if waiting else []
    digests = ", ".join(gaps) or "all with a digest"
    net_is = f"; the net was not out everywhere: {net_problem}" if net_problem else ""
    return f"{reads}: {', '.join(by)}; {digests}{besides}{net_is}"


_HOW = {"user": "hand", "monitor": "monitoring"}
