"""What clients and the parent say to each other: lines of JSON, with open files beside them."""

import json
import os
import select
import socket
import struct
from collections.abc import Sequence
from typing import Any

_MOST = 16_000_000
_FILES = 8
_LENGTH = struct.Struct("!I")


def send(to: socket.socket, message: Any, files: Sequence[int] = ()) -> None:
    data = json.dumps(message).encode()
    socket.send_fds(to, [_LENGTH.pack(len(data))], list(files))
    to.sendall(data)


def receive(of: socket.socket) -> tuple[Any, list[int]]:
    """Next message, with its files.

    Raises
    ------
    EOFError
        The other side is gone.
    """
    head, files, _, _ = socket.recv_fds(of, _LENGTH.size, _FILES)
    while head and len(head) < _LENGTH.size:
        head += _more(of, _LENGTH.size - len(head))
    if not head:
        raise EOFError
    for file in files:
        os.set_inheritable(file, False)
    length = _LENGTH.unpack(head)[0]
    if length > _MOST:
        raise EOFError
    data = b""
    while len(data) < length:
        data += _more(of, length - len(data))
    return json.loads(data), files


def open_place(path: str) -> tuple[int, str]:
    """The folder of a socket, opened, and a name of it that is never too long for the operating system."""
    folder, name = os.path.split(path)
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    return opened, f"/proc/self/fd/{opened}/{name}"


def wait_for(files: Sequence[int], within_s: float | None) -> list[int]:
    """Files of which there is something to read."""
    poll = select.poll()  # select() takes no file beyond the 1024th
    for file in files:
        poll.register(file, select.POLLIN)
    return [file for file, _ in poll.poll(None if within_s is None else within_s * 1000)]


def _more(of: socket.socket, count: int) -> bytes:
    data = of.recv(min(count, 1 << 16))
    if not data:
        raise EOFError
    return data
