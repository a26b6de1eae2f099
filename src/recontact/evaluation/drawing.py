"""What the plots of an evaluation share: a sheet without a display, its labels, its bytes."""

from io import BytesIO
from typing import Any


def figure(width: float, height: float) -> Any:
    """Give an empty sheet of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - training only
    from matplotlib.figure import Figure  # noqa: PLC0415

    sheet = Figure(figsize=(width, height), layout="constrained", dpi=110)
    FigureCanvasAgg(sheet)
    return sheet


def label(axis: Any, title: str, x: str, y: str) -> None:
    """Name a plot and its axes, and take away what does not speak."""
    axis.set_title(title, fontsize=12, loc="left")
    axis.set_xlabel(x, fontsize=11)
    axis.set_ylabel(y, fontsize=11)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(color="#eeeeee", linewidth=0.6)
    axis.set_axisbelow(True)


def png(sheet: Any) -> bytes:
    """Give a sheet as a PNG image; the same drawing is the same bytes."""
    out = BytesIO()
    sheet.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
