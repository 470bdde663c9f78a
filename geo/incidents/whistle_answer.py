"""Whistles for answers: who was called, who came, what is open, a month by unit."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from geo.incidents.rules.attendance import Attendance, UnitAttendance


@dataclass(frozen=True)
class WhistleHead:
    """Columns of a whistle that everybody sees who sees its incident."""

    id: UUID
    kind: str
    level: str
    state: str
    blown_at: datetime
    blown_unit: str | None
    report_by: datetime
    within_minutes: int | None
    ended_at: datetime | None


@dataclass(frozen=True)
class WhistledIncident:
    """The incident of a whistle."""

    incident: UUID
    code: str
    category: str | None
    community_code: str | None
    township_code: str | None


@dataclass(frozen=True)
class CalledAnswer:
    """A unit that was called, and the steps that are legal for who asks.

    One that was added (增派) was called later than the others and has its own time to report in.
    Texts are None where the incident itself is not granted exactly.
    """

    dispatch: UUID
    unit_code: str
    unit_name: str | None
    duty_phone: str | None
    role: str
    state: str
    version: int
    dispatched_at: datetime
    report_by: datetime
    notified: str | None
    notified_post: str | None
    notified_at: datetime | None
    answer: str | None
    expected_at: datetime | None
    acknowledged_at: datetime | None
    reported_in_at: datetime | None
    reported_proxy: bool
    reported_post: str | None
    known_by: str | None
    done_at: datetime | None
    disputed_at: datetime | None
    dispute_claim: datetime | None
    dispute_decision: str | None
    urged: int
    supervised_at: datetime | None
    rated_present: bool | None
    rated_solved: bool | None
    answer_post: str | None
    answer_reason: str | None
    dispute_reason: str | None
    result: str | None
    late: bool
    steps: list[str]


@dataclass(frozen=True)
class WhistleAnswer(WhistleHead, Attendance):
    """A whistle with its units and who came."""

    place: str | None
    units: list[CalledAnswer]


@dataclass(frozen=True)
class OpenWhistle(WhistleHead, WhistledIncident, Attendance):
    """A whistle that is open, with its incident and who came."""


@dataclass(frozen=True)
class AskedWhistle(WhistledIncident):
    """A whistle that a community asks for (申请吹哨)."""

    id: UUID
    asked_at: datetime
    asked_unit: str | None
    reason: str | None


@dataclass(frozen=True)
class OpenWhistles:
    """Whistles that are open, and those that are asked for."""

    whistles: list[OpenWhistle]
    asked: list[AskedWhistle]


@dataclass(frozen=True)
class NamedAttendance(UnitAttendance):
    """How a unit attended, with its name."""

    name: str | None


@dataclass(frozen=True)
class AttendanceRate:
    """A share of a period with its numerator, denominator and definition; `few` are not ranked."""

    name: str
    label: str
    numerator: int
    denominator: int
    share: float | None
    few: bool
    definition: str


@dataclass(frozen=True)
class AttendanceMonth:
    """Who came to the whistles of a statistics month, by unit."""

    month: str
    whistles: int
    rows: list[NamedAttendance]


@dataclass(frozen=True)
class AttendanceFigures:
    """Who came to the whistles of a period, by unit and by month; `month` where it is one.

    Under `fewest` cases a share is shown and not ranked.
    """

    since: date
    until: date
    month: str | None
    area: str | None
    scopes: list[str]
    fewest: int
    whistles: int
    rows: list[NamedAttendance]
    months: list[AttendanceMonth]
    rates: list[AttendanceRate]


@dataclass(frozen=True)
class ReceiptUnit:
    """A unit that is out, and which parts of its receipt can still be written down."""

    dispatch: UUID
    unit_code: str
    unit_name: str | None
    lead: bool
    state: str
    version: int
    dispatched_at: datetime
    acknowledged_at: datetime | None
    reported_in_at: datetime | None
    done_at: datetime | None
    parts: list[str]


@dataclass(frozen=True)
class ReceiptSheet:
    """What a receipt is of; `unit` is the one that the number itself names."""

    incident: UUID
    code: str
    title: str
    category: str | None
    state: str
    due_at: datetime | None
    unit: str | None
    units: list[ReceiptUnit]
