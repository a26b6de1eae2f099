"""What may go wrong for a user, said in one message: what, where, and the mend."""


class UserError(Exception):
    """A mistake that the user can mend; the command line prints it and exits with 1.

    Parameters
    ----------
    what : str
        What is wrong, naming file, row, column or key.
    mend : str
        What to do about it; may be empty.

    Examples
    --------
    >>> print(UserError("a.csv: no column 'started_at'", mend="name it in a mapping file"))
    a.csv: no column 'started_at'
      mend: name it in a mapping file
    """

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what, mend)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}\n  mend: {self.mend}" if self.mend else self.what
