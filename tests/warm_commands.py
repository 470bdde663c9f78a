"""``govgrid`` without its start: a process that has loaded everything answers each call by a fork.

Dozens of commands typed one after the other cost more time for loading than for what they do. A
fork is a process of its own, with the folder, environment and files of the terminal. Run as a
program this module is the server; `install` puts a `govgrid` into a folder that asks it.
"""

import array
import json
import os
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path

HEAVY = ("pandas", "geopandas", "folium", "pyogrio", "openpyxl", "ezdxf", "api.app")
CLIENT = """\
#!{python} -ISs
import array, json, os, socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect({address!r})
    call = json.dumps([os.getcwd(), dict(os.environ), sys.argv]).encode()
    files = array.array("i", [0, 1, 2]).tobytes()
    asked.sendmsg([b"%8d" % len(call)], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, files)])
    asked.sendall(call)
    sys.exit(int(asked.recv(8) or 255))
"""


def install(folder: Path, address: Path) -> None:
    """Write the program that asks the server at `address`."""
    program = folder / "govgrid"
    program.write_text(CLIENT.format(python=sys.executable, address=str(address)), encoding="utf-8")
    program.chmod(0o755)


def serve(address: str) -> None:
    """Answer calls, one at a time, until the starter closes standard input or ends this."""
    from geo.cli import main

    for name in HEAVY:
        import_module(name)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)  # noqa: T201 - the starter waits for it
        while True:
            asked, _ = server.accept()
            with asked:
                _answer(asked, main)


def _answer(asked: socket.socket, main) -> None:
    length, ancillary, *_ = asked.recvmsg(8, socket.CMSG_SPACE(3 * 4))
    files = array.array("i", ancillary[0][2])
    call = b""
    while len(call) < int(length):
        call += asked.recv(int(length) - len(call))
    child = os.fork()
    if child == 0:
        _run(json.loads(call), files, main)
    for number in files:
        os.close(number)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    asked.sendall(b"%8d" % (code if code >= 0 else 128 - code))


def _run(call: list, files: array.array, main) -> None:
    """Become the command: its folder, environment and files; never return."""
    folder, environment, argv = call
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, file in enumerate(files):
        os.dup2(file, number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = argv
    code = 1
    try:
        main()
    except SystemExit as ended:
        code = ended.code or 0
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
