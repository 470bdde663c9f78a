"""States of cameras, as a video platform pushes them."""

from fastapi import APIRouter, Request
from pydantic import ConfigDict, Field

from api.answers.bodies import Part, RowsBody
from api.answers.problems import refuse_request, request_language
from api.server.lanes import FILES, run_in_lane
from api.session.deps import EngineDep, MayImport, SettingsDep
from geo.cameras import status as cameras_status
from geo.cameras.status import StatesAnswer

router = APIRouter()
MOST_STATES = 10_000
# An import may run; beyond this the platform is asked to come again.
PATIENCE_S = 5.0


class State(Part):
    """What one camera is since when; values are judged row by row, not here."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    # A code sent as a number has lost its last digits before it came here: a finding, no error.
    code: str | float | None = Field(None, examples=["34080200001320000001"])
    status: str | float | bool | None = Field(None, examples=["online", "offline", "unknown"])
    since: str | float | None = Field(None, examples=["2026-09-30T21:40:00+08:00"])


class Message(RowsBody):
    """The states of one message."""

    states: list[State] = Field(min_length=1, json_schema_extra={"maxItems": MOST_STATES})


@router.post("/api/camera-status")
@run_in_lane(FILES)
def camera_status(
    request: Request,
    engine: EngineDep,
    who: MayImport,
    settings: SettingsDep,
    message: Message,
) -> StatesAnswer:
    """Take states of cameras; rows that cannot be used come back as findings.

    The answer is 200 where some rows were quarantined too: the others are taken. The figures of
    coverage follow with the next amendment or computation, so `amended` is null. The same message
    twice changes nothing.
    """
    if len(message.states) > MOST_STATES:
        raise refuse_request(
            request, 413, "push.too_many", found=len(message.states), most=f"{MOST_STATES:,}"
        )
    rows = [state.model_dump() for state in message.states]
    taken = cameras_status.receive_states(
        engine, who, rows, timezone=settings.timezone, patience_s=PATIENCE_S
    )
    return cameras_status.describe_taken(taken, request_language(request))
