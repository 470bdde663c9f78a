"""Configuration files of the private server: settings, access rules, identity map."""

from collections.abc import Iterable
from pathlib import Path

NOTICE = "# Written anew at every start of the cluster; own settings: ALTER SYSTEM.\n"
MAP = "govgrid"

ACCESS_RULES = f"""{NOTICE}\
# `all` does not match replication: base backups need their own line.
local all         all peer map={MAP}
local replication all peer map={MAP}
"""

# For an office machine with 8 GB that does other work as well. Random reads cost little more than
# sequential ones on its SSD; compiling queries (jit) costs more than these queries last.
# Parallel queries take their memory from a reserve, then from files: a container's /dev/shm is too
# small for them, and systemd empties it when the ordinary user that runs the server logs out.
OFFICE_MACHINE = """\
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 32MB
maintenance_work_mem = 128MB
min_dynamic_shared_memory = 64MB
dynamic_shared_memory_type = mmap
random_page_cost = 1.1
jit = off
wal_compression = on
checkpoint_timeout = 15min
recovery_init_sync_method = syncfs
timezone = 'UTC'
lc_messages = 'C'
"""


def server_settings(socket: Path, log: Path, port: int) -> str:
    """Return ``postgresql.conf`` for a server that listens on one Unix socket and no network.

    Parameters
    ----------
    socket
        Folder of the socket.
    log
        Folder of the log files, one per weekday.
    port
        Number in the name of the socket.
    """
    own = {
        "listen_addresses": "''",
        "port": str(port),
        "unix_socket_directories": _quoted(_listed(str(socket))),
        "unix_socket_permissions": "0700",
        "logging_collector": "on",
        "log_directory": _quoted(str(log)),
        "log_filename": "'postgresql-%a.log'",
        "log_file_mode": "0600",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
    }
    lines = "".join(f"{name} = {value}\n" for name, value in own.items())
    return f"{NOTICE}{lines}{OFFICE_MACHINE}"


def identity_map(users: Iterable[str], roles: Iterable[str]) -> str:
    """Return ``pg_ident.conf``: each account of the machine may log in as each role.

    Parameters
    ----------
    users
        Names of accounts of the machine.
    roles
        Names of database roles.
    """
    pairs = [(user, role) for user in sorted(users) for role in roles]
    return NOTICE + "".join(f'{MAP} "{user}" {role}\n' for user, role in pairs)


def _listed(path: str) -> str:
    # The setting is a list: quotes keep a comma or a blank in the path from ending an entry.
    return '"' + path.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"
