"""What a request to the service may end in."""

from typing import Any

from recontact.errors import UserError


class ServiceError(UserError):
    """The service refused a request, or could not be reached.

    Parameters
    ----------
    what : str
        What went wrong.
    mend : str
        What to do about it.
    problem : dict, optional
        The problem document of the answer (RFC 9457).

    Attributes
    ----------
    status : int or None
        Status of the answer; None where there was none.
    errors : list of dict
        Each wrong field, with a `pointer` to it and a `detail`.

    Examples
    --------
    >>> error = ServiceError("no", problem={"status": 422, "detail": "no", "errors": []})
    >>> error.status
    422
    """

    def __init__(self, what: str, mend: str = "", problem: dict[str, Any] | None = None) -> None:
        super().__init__(what, mend)
        self.problem = problem or {}
        self.status: int | None = self.problem.get("status")
        self.errors: list[dict[str, str]] = self.problem.get("errors") or []
