"""``govgrid db backup``, ``restore``, ``verify``: everything in one file, and back again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geo.base.errors import InputError
from geo.cli.app import app, read_settings  # noqa: F401 - the root has to be there first
from geo.cli.choices import ForceOption
from geo.cli.system.database import JsonOption, room

if TYPE_CHECKING:
    from geo.operations.backup.restore import Restored

NOT_WHOLE = 3
MB = 1_000_000

FileArgument = Annotated[Path, typer.Argument(metavar="FILE")]
SecretsOption = Annotated[Path | None, typer.Option("--secrets")]
PassphraseOption = Annotated[Path | None, typer.Option("--passphrase-file")]


@room.command()
def backup(
    context: typer.Context,
    file: FileArgument,
    secrets: SecretsOption = None,
    encrypt: Annotated[bool, typer.Option("--encrypt")] = False,
    passphrase_file: PassphraseOption = None,
    force: ForceOption = False,
    as_json_: JsonOption = False,
) -> None:
    """Write database, attachments and settings into one file."""
    from dataclasses import asdict

    from geo.cli.output import as_json, print_note, require_new, show_progress, translate
    from geo.operations.backup.create import create_backup

    require_new(file, secrets, force=force)
    given = _passphrase(passphrase_file, asked=encrypt, twice=True)
    with show_progress() as progress:
        made = create_backup(
            read_settings(context), file, passphrase=given, secrets_file=secrets, progress=progress
        )
    manifest = made.manifest
    if as_json_:
        plain = {"file": str(file), "bytes": made.bytes, "encrypted": made.encrypted}
        as_json({**plain, **asdict(manifest), "rows": manifest.rows})
        return
    facts = {"rows": manifest.rows, "files": manifest.files, "size_mb": f"{made.bytes / MB:.1f}"}
    print_note(translate("backup.made", file=file, **facts))
    if manifest.missing:
        missing = {"count": len(manifest.missing), "first": manifest.missing[0]}
        print_note(translate("backup.lost_before", **missing))
    key = "apart" if secrets else "without_secrets"
    print_note(translate(f"backup.{key}", file=secrets))


@room.command()
def restore(
    context: typer.Context,
    file: FileArgument,
    secrets: SecretsOption = None,
    passphrase_file: PassphraseOption = None,
    to: Annotated[str | None, typer.Option(metavar="TIME")] = None,
) -> None:
    """Bring a backup back into an empty home, and say what must be set anew."""
    from geo.cli.output import show_progress
    from geo.operations.backup.encryption import is_encrypted
    from geo.operations.backup.restore import restore_backup

    if to is not None:
        _restore_moment(context, file, to, passphrase_file)
        return
    files = [each for each in (file, secrets) if each is not None and each.is_file()]
    given = _passphrase(passphrase_file, asked=any(map(is_encrypted, files)))
    with show_progress() as progress:
        found = restore_backup(
            read_settings(context), file, passphrase=given, secrets_file=secrets, progress=progress
        )
    _tell_restored(found, file)


@room.command()
def verify(
    context: typer.Context,
    file: FileArgument,
    passphrase_file: PassphraseOption = None,
    scratch: Path | None = None,
    as_json_: JsonOption = False,
) -> None:
    """Restore a backup on trial and prove it. Exit code 3 if it is not whole."""
    from geo.cli.output import as_json, print_note, show_progress, translate
    from geo.operations.backup.encryption import is_encrypted
    from geo.operations.backup.verify import MOST_NAMES, verify_backup

    given = _passphrase(passphrase_file, asked=file.is_file() and is_encrypted(file))
    with show_progress() as progress:
        found = verify_backup(
            read_settings(context), file, passphrase=given, scratch=scratch, progress=progress
        )
    if as_json_:
        as_json(found.as_plain())
    else:
        facts = {"rows": found.rows, "tables": len(found.manifest.tables), "files": found.files}
        key = "whole" if found.whole else "not_whole"
        print_note(translate(f"backup.{key}", file=file, at=found.manifest.made_at, **facts))
        for kind in ("absent", "damaged"):
            for name in getattr(found, kind)[:MOST_NAMES]:
                print_note(translate(f"backup.{kind}_file", name=name))
        state = "chain_whole" if found.chain.whole else "chain_broken"
        print_note(translate(f"backup.{state}", rows=found.chain.rows))
    if not found.whole:
        raise typer.Exit(NOT_WHOLE)


def _restore_moment(
    context: typer.Context, folder: Path, to: str, passphrase_file: Path | None
) -> None:
    from datetime import datetime

    from geo.base import local_time
    from geo.cli.output import print_note, show_progress, translate
    from geo.operations.backup import moment as archived
    from geo.operations.backup import point_in_time

    config = read_settings(context)
    try:
        moment = local_time.with_zone(datetime.fromisoformat(to), config.timezone)
    except ValueError as error:
        raise InputError("archive.bad_time", found=to) from error
    given = _passphrase(passphrase_file, asked=point_in_time.is_sealed_archive(folder))
    with show_progress() as progress:
        found = archived.restore_moment(config, folder, moment, passphrase=given, progress=progress)
    print_note(translate("archive.restored", at=to, base=found.base, files=found.files))
    if found.missing:
        print_note(translate("archive.missing", count=len(found.missing), first=found.missing[0]))
    if found.lost_factors:
        print_note(translate("backup.factors", names="、".join(found.lost_factors)))


def _tell_restored(found: "Restored", file: Path) -> None:
    from geo.cli.output import print_note, translate
    from geo.operations.backup.restore import ENVIRONMENT
    from geo.store import db

    manifest = found.manifest
    facts = {"at": manifest.made_at, "rows": manifest.rows, "files": found.files}
    print_note(translate("backup.restored", file=file, **facts))
    if manifest.missing:
        missing = {"count": len(manifest.missing), "first": manifest.missing[0]}
        print_note(translate("backup.lost_before", **missing))
    if found.settings:
        print_note(translate("backup.settings", file=ENVIRONMENT))
        for name, value in found.settings.items():
            print_note(f"  {name}={value}")
    for name in found.secrets:
        print_note(translate("backup.secret_anew", name=name))
    if found.lost_factors:
        print_note(translate("backup.factors", names="、".join(found.lost_factors)))
    if manifest.revision != db.newest_revision():
        print_note(translate("backup.migrate", found=manifest.revision))


def _passphrase(file: Path | None, *, asked: bool, twice: bool = False) -> str | None:
    """Return the passphrase of a file, or as typed where one is asked for; None without."""
    import getpass
    import sys

    from geo.cli.output import translate
    from geo.operations.backup.passphrase import read_passphrase, require_strong

    if file is not None:
        return read_passphrase(file)
    if not asked:
        return None
    if not sys.stdin.isatty():
        raise InputError("backup.no_terminal")
    typed = getpass.getpass(translate("backup.ask_passphrase"))
    if twice:
        require_strong(typed)
        if getpass.getpass(translate("backup.ask_again")) != typed:
            raise InputError("backup.differ")
    return typed
