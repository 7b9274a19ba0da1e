"""Text with places to fill: what a target emits, as a person would write it."""

import json
import re

_PLACE = re.compile(r"<<(\w+)>>")


def fill(template: str, **values: str) -> str:
    r"""A template with its places filled.

    A place that has a line of its own gives its indentation to all lines of the text that comes there; where
    there is no text, the line goes as well.

    >>> fill("steps:\n  <<lines>>\n  <<none>>\nname: <<name>>\n", lines="a\n\nb", none="", name="c")
    'steps:\n  a\n\n  b\nname: c\n'
    """
    lines = []
    for line in template.split("\n"):
        place = _PLACE.fullmatch(line.strip())
        if place is None:
            lines.append(_PLACE.sub(lambda match: values[match[1]], line))
        elif values[place[1]]:
            indent = line[: len(line) - len(line.lstrip())]
            filled = values[place[1]].rstrip("\n").split("\n")
            lines += [f"{indent}{each}" if each else "" for each in filled]
    return "\n".join(lines)


def as_yaml(value: object) -> str:
    """A scalar, or a short list, as YAML has it: JSON is YAML."""
    return json.dumps(value, ensure_ascii=False)
