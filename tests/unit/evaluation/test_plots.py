"""The pictures of an evaluation: what cannot be read says nothing."""

from matplotlib.text import Text

from recontact.evaluation import plots


def test_what_is_written_in_a_plot_can_be_read(learnt, monkeypatch):
    """Three moments side by side are shown at five sixths of their size: no word below 9 points."""
    sheets = []
    monkeypatch.setattr(plots, "png", lambda sheet: sheets.append(sheet) or b"")
    plots.plots([t for t in learnt.trials if t.target == "repeated"], {})
    assert len(sheets) == 3
    for sheet in sheets:
        written = [text for text in sheet.findobj(Text) if text.get_text()]
        assert min(text.get_fontsize() for text in written) >= 9
