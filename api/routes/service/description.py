"""The service described: OpenAPI, for who has an account."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from api.session.identity import Rule

router = APIRouter()


@router.get("/api/api", dependencies=[Depends(Rule())])
async def description(request: Request) -> dict[str, Any]:
    """Return the description of all endpoints."""
    found: dict[str, Any] = request.app.openapi()
    return found
