"""Headers of one file: which holds what, which are not taken, settled with its first part."""

from collections.abc import Mapping

from geo.base.errors import LayerError
from geo.files.checks.cells.column_mapping import map_columns
from geo.files.checks.cells.device_addresses import network_columns, network_content
from geo.files.checks.cells.finding import Defect, Finding
from geo.files.checks.cells.personal_data import personal_columns, personal_content
from geo.files.checks.cells.refused import Refused, RefusedLater
from geo.files.readers import Table
from geo.files.schema.fields import Layer

_PHONES = ("duty_phone",)


class Headers:
    """The columns of one file.

    Attributes
    ----------
    mapping
        Field → header; empty before the first part.
    """

    def __init__(self, layer: Layer, given: Mapping[str, str] | None, refused: Refused) -> None:
        self.mapping: dict[str, str] = {}
        self._refused = refused
        self._layer, self._given, self._settled = layer, given, False

    @property
    def refused(self) -> frozenset[str]:
        """Headers of columns that are not taken: they hold persons or addresses of devices."""
        return self._refused.columns

    def settle(self, table: Table) -> list[Finding]:
        """Settle the columns with the first part of the file; watch the later ones.

        Raises
        ------
        LayerError
            If what the user says names no such field or column, or no column holds a required
            field.
        RefusedLater
            If a column that was taken so far must not be.
        """
        if self._settled:
            self._watch(table)
            return []
        self._settled = True
        has_geometry = table.geometry is not None and self._layer.shape != "none"
        self.mapping = map_columns(
            table.headers, self._layer, given=self._given, has_geometry=has_geometry
        )
        self._require(table)
        return [*_unnamed(table), *_repeated(table), *self._refuse(table)]

    def _refuse(self, table: Table) -> list[Finding]:
        unmapped, phones = self._suspects(table)
        row, known = table.header_row, self._refused
        persons, found = personal_columns(
            table.rows, unmapped, phones, header_row=row, known=known.persons
        )
        others = [header for header in unmapped if header not in persons]
        addresses, address_findings = network_columns(
            table.rows, others, header_row=row, known=known.addresses
        )
        self._refused = Refused(persons, addresses)
        return [
            *found,
            *address_findings,
            *(
                Defect("COLUMN_UNMAPPED").at(row, header, "")
                for header in others
                if header not in addresses and not header.startswith("#")
            ),
        ]

    def _watch(self, table: Table) -> None:
        unmapped, phones = self._suspects(table)
        known = self._refused
        persons = personal_content(table.rows, unmapped, phones) - known.columns
        addresses = network_content(table.rows, unmapped) - known.columns - persons
        if persons or addresses:
            raise RefusedLater(Refused(known.persons | persons, known.addresses | addresses))

    def _suspects(self, table: Table) -> tuple[list[str], list[str]]:
        """Return the headers without a field, and those of telephones."""
        used = self.mapping.values()
        unmapped = [header for header in table.headers if header not in used]
        return unmapped, [self.mapping[name] for name in _PHONES if name in self.mapping]

    def _require(self, table: Table) -> None:
        if table.rows.empty:
            return
        lacking = [
            f"{field.name}（{'、'.join(field.aliases[:2])}）"
            for field in self._layer.fields
            if field.required and field.name not in self.mapping
        ]
        if lacking:
            raise LayerError(
                "intake.required_in_row" if table.header_row else "intake.required_column",
                layer=self._layer.name,
                fields="; ".join(lacking),
                columns=", ".join(table.headers),
                row=table.header_row,
            )


def _unnamed(table: Table) -> list[Finding]:
    """Return a note for each column that holds something and has no header."""
    return [
        Defect("COLUMN_UNNAMED").at(table.header_row, header, "")
        for number, header in enumerate(table.headers, start=1)
        if header == f"#{number}" and table.rows[header].notna().any()
    ]


def _repeated(table: Table) -> list[Finding]:
    """Return a note for each column whose name an earlier one has already."""
    found = []
    for number, header in enumerate(table.headers, start=1):
        name = header.removesuffix(f"#{number}")
        if name and name != header and name in table.headers[: number - 1]:
            defect = Defect("COLUMN_REPEATED", facts={"number": number})
            found.append(defect.at(table.header_row, header, ""))
    return found
