"""The share of devices that fails."""

from geo.base.errors import InputError


def require_share(share: float) -> None:
    """Refuse a share of devices that is not in (0, 1].

    Raises
    ------
    InputError
        With the share.
    """
    if not 0 < share <= 1:
        raise InputError("loss.share", share=share)
