"""Location of the private cluster of a home, and the account of its server."""

import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from geo.base.errors import ClusterError
from geo.base.homes import CLUSTER, POINTER

SERVICE_ACCOUNT = "postgres"
SHARED_BASE = Path("/var/lib/govgrid")
SOCKET_NAME = ".s.PGSQL.5432"
MAX_SOCKET_BYTES = 107  # sun_path of Linux holds 108 bytes with its closing zero
LIST_MARKS = frozenset(",:")  # drivers take such a path for several hosts, or for host and port
COMMAND_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class ClusterLocation:
    """The folder of one cluster and the account that owns it and runs the server."""

    home: Path
    base: Path
    account: pwd.struct_passwd

    @property
    def data(self) -> Path:
        """The data folder; it exists only when initdb has ended well."""
        return self.base / "pgdata"

    @property
    def fresh(self) -> Path:
        """The data folder while initdb is at work."""
        return self.base / "pgdata.init"

    @property
    def log(self) -> Path:
        """The folder of the server's logs."""
        return self.base / "log"

    @property
    def stopped(self) -> Path:
        """The mark of a cluster that was stopped on purpose."""
        return self.base / "stopped"

    def require_reach(self) -> None:
        """Refuse when the server's account cannot enter its own folder."""
        if os.geteuid() == 0 and not _reaches(self.account, self.base):
            raise ClusterError("cluster.unreachable", folder=self.base, user=self.account.pw_name)

    def make(self) -> None:
        """Make the folder and its rooms, closed to everyone but the server's account."""
        if self.base.parent == SHARED_BASE:
            SHARED_BASE.mkdir(mode=0o711, exist_ok=True)
        for folder in (self.base, self.log, self.base / "socket"):
            folder.mkdir(mode=0o700, exist_ok=True)
            set_owner(folder, self.account)
        if self.base.parent == SHARED_BASE:
            self.write(self.base / "home", f"{self.home}\n")
            draft = self.home / f"{POINTER}.new"
            draft.write_text(f"{self.base}\n", encoding="utf-8")
            draft.replace(self.home / POINTER)

    def write(self, path: Path, text: str) -> None:
        """Write a file of the server's account whole or not at all, never through a link.

        One that says the same already stays: a full disk has no room for it a second time.
        """
        if not path.is_symlink() and path.is_file() and path.read_bytes() == text.encode():
            return
        draft = path.with_name(f"{path.name}.new")
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        set_owner(draft, self.account)
        draft.replace(path)

    def run(
        self, command: Sequence[str | Path], *, keep_open: Sequence[int] = ()
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the server as its account, from the cluster's folder.

        Paths are given relative to that folder: pg_ctl hands them to a shell, which would
        interpret a ``$`` or a quote in the name of a home.
        """
        switch = os.geteuid() == 0
        return subprocess.run(  # noqa: S603
            [str(part) for part in command],
            cwd=self.base,
            env=_environment(),
            user=self.account.pw_uid if switch else None,
            group=self.account.pw_gid if switch else None,
            extra_groups=[] if switch else None,
            umask=0o077,
            pass_fds=tuple(keep_open),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )


def find_place(home: Path) -> ClusterLocation:
    """Return the location of the cluster of `home`, existing or not; creates nothing.

    Raises
    ------
    ClusterError
        If the cluster belongs to another account, or the account has no name on this machine.
    """
    pointer = home / POINTER
    if pointer.is_file():
        return _existing(home, Path(pointer.read_text(encoding="utf-8").strip()))
    if (home / CLUSTER).is_dir():
        return _existing(home, home / CLUSTER)
    account = _default_account()
    if os.geteuid() != 0 or _reaches(account, home):
        return ClusterLocation(home, home / CLUSTER, account)
    return ClusterLocation(home, SHARED_BASE / _shared_name(home), account)


def socket_folder(place: ClusterLocation) -> Path:
    """Return a folder for the socket, closed to others, that kernel and drivers can name.

    Raises
    ------
    ClusterError
        If the short folder that stands in for a long one belongs to someone else.
    """
    beside = place.base / "socket"
    fits = len(os.fsencode(beside / SOCKET_NAME)) <= MAX_SOCKET_BYTES
    if fits and not set(str(beside)) & LIST_MARKS:
        return beside
    folder = short_folder(place)
    folder.mkdir(mode=0o700, exist_ok=True)
    set_owner(folder, place.account)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != place.account.pw_uid or found.st_mode & 0o077:
        raise ClusterError("cluster.socket_taken", folder=folder, user=place.account.pw_name)
    return folder


def short_folder(place: ClusterLocation) -> Path:
    """Return a short link in place of a socket path that is too long.

    The data folder's inode is part of it: a server whose home was deleted may still hold the name.
    """
    mark = f"{place.data}:{place.data.stat().st_ino}"
    parent = Path("/run" if os.geteuid() == 0 else "/tmp")  # noqa: S108 (0700, owner checked)
    return parent / f"govgrid-{sha256(os.fsencode(mark)).hexdigest()[:16]}"


def set_owner(path: Path, account: pwd.struct_passwd) -> None:
    """Change the owner of a path to the server's account, if we are root and root owns it.

    Parameters
    ----------
    path
        File or folder; links are not followed.
    account
        Account that runs the server.
    """
    if os.geteuid() == 0 and path.lstat().st_uid == 0:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def require_space(path: Path, least_mb: int) -> None:
    """Raise if a file system is nearly full.

    Parameters
    ----------
    path
        Any path on it, which need not exist yet.
    least_mb
        Free space needed, megabytes (10⁶ bytes).

    Raises
    ------
    ClusterError
        With the folder, what is free, and what is needed.
    """
    while not path.exists():
        path = path.parent
    free_mb = shutil.disk_usage(path).free // 1_000_000
    if free_mb < least_mb:
        raise ClusterError("cluster.disk_full", folder=path, free_mb=free_mb, least_mb=least_mb)


def _existing(home: Path, base: Path) -> ClusterLocation:
    if not base.is_dir():
        raise ClusterError("cluster.lost", home=home, folder=base, pointer=home / POINTER)
    owner = base.stat().st_uid
    if os.geteuid() not in (0, owner):
        raise ClusterError("cluster.foreign", folder=base, owner=_name(owner), user=_name())
    return ClusterLocation(home, base, _account(owner) if owner else _default_account())


def _default_account() -> pwd.struct_passwd:
    if os.geteuid() != 0:
        return _account(os.geteuid())
    try:
        return pwd.getpwnam(SERVICE_ACCOUNT)
    except KeyError:
        raise ClusterError("cluster.no_service_account", account=SERVICE_ACCOUNT) from None


def _account(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise ClusterError("cluster.no_account", uid=uid) from None


def _name(uid: int | None = None) -> str:
    uid = os.geteuid() if uid is None else uid
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _reaches(account: pwd.struct_passwd, home: Path) -> bool:
    while not home.exists():
        home = home.parent
    answer = subprocess.run(  # noqa: S603
        ["/usr/bin/test", "-x", str(home)],
        cwd="/",
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        check=False,
    )
    return answer.returncode == 0


def _shared_name(home: Path) -> str:
    # A home made anew under an old name must not wake the data of the old one.
    name = sha256(os.fsencode(home)).hexdigest()[:16]
    return name if not (SHARED_BASE / name).exists() else f"{name}-{secrets.token_hex(4)}"


def _environment() -> dict[str, str]:
    # A Python environment's PROJ_DATA or PGDATA would lead the server to the wrong files.
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {"PATH": os.defpath, **kept, "LC_ALL": "C.UTF-8"}
