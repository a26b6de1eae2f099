"""Numbers, times and codes as people say them."""


def ordinal(number: int) -> str:
    """Write a place in a row.

    Examples
    --------
    >>> [ordinal(n) for n in (1, 2, 3, 4, 11, 22)]
    ['1st', '2nd', '3rd', '4th', '11th', '22nd']
    """
    if number % 100 in {11, 12, 13}:
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def span(seconds: float) -> str:
    """Write a length of time as people say it.

    Examples
    --------
    >>> [span(s) for s in (45, 60, 5400, 200_000)]
    ['45 s', '1 min', '2 hours', '2 days']
    """
    for size, unit in ((86_400, "day"), (3_600, "hour")):
        if seconds >= size:
            number = round(seconds / size)
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return f"{round(seconds / 60)} min" if seconds >= 60 else f"{round(seconds)} s"


def times(number: float) -> str:
    """Write how often: once, twice, 3 times."""
    return {1: "once", 2: "twice"}.get(round(number), f"{round(number)} times")


SHORT = 4  # a code in capitals of at most so many characters is taken for an abbreviation: VIP, IVR


def readable(code: str) -> str:
    """Write a code as people say it, in quotation marks where it becomes several words.

    Underscores become spaces, and capitals small letters; an abbreviation stays as it is.

    Examples
    --------
    >>> [readable(code) for code in ("line_lost", "RESOLVED", "NO_FAULT_FOUND", "VIP")]
    ["'line lost'", 'resolved', "'no fault found'", 'VIP']
    >>> [readable(code) for code in ("billing > dispute", "tech_support > slow_line")]
    ['billing > dispute', "'tech support > slow line'"]
    """
    if "_" not in code and (len(code) <= SHORT or not code.isupper()):
        return code
    told = " ".join(code.replace("_", " ").split())
    if len(told) > SHORT and told.isupper():
        told = told.lower()
    return f"'{told}'" if " " in told else told or code
