"""What to ask before hanging up, so that the customer need not come back: a table to edit."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from recontact.contacts import normalise_reason
from recontact.errors import UserError

NULL = "tag:yaml.org,2002:null"
TEXT = "tag:yaml.org,2002:str"
PLACES = re.compile(r"\{[^{}]*\}")
ANY = "any"  # the entry for reasons that no other entry is for
REASON = "{reason}"
EXAMPLE = 'give lines such as   "billing > dispute": "Is the credit on your next bill clear?"'
QUESTIONS = {
    ANY: "Before we finish: is there anything about “{reason}” that we can settle now?",
    "billing": "Before we finish: is everything on your bill clear to you now?",
    "billing > dispute": "Shall we check together when the disputed amount will be settled?",
    "billing > refund": "Shall I tell you on which day the refund reaches your account?",
    "payment": "Shall we check that your next payment will go through?",
    "payment > arrangement": "Do the dates and amounts of your arrangement suit you?",
    "technical": "Shall we try it once more while I am on the line?",
    "technical > intermittent fault": "When did it last happen? May I call you back about it?",
    "order": "Shall I tell you what happens with your order next, and when?",
    "order > return": "Do you have all you need to send it back, and do you know when you get your "
    "money?",
    "account": "Is everything in your account as it should be?",
}


@dataclass(frozen=True)
class Probes:
    """Questions by reason; the entry whose levels are the longest leading run of a reason's.

    Attributes
    ----------
    questions : mapping of str to str
        By reason, in its one form; `any` is for all others. `{reason}` stands for the reason.

    Examples
    --------
    >>> probes = Probes({"any": "More about {reason}?", "bill": "Is your bill clear?"})
    >>> probes.question("bill > late"), probes.question("order")
    ('Is your bill clear?', 'More about order?')
    """

    questions: Mapping[str, str]

    def question(self, reason: str) -> str:
        """Give the question for a reason."""
        run = reason
        while run:
            if run in self.questions:
                return self.questions[run].replace(REASON, reason)
            run = run.rpartition(" > ")[0]
        return self.questions.get(ANY, QUESTIONS[ANY]).replace(REASON, reason)


DEFAULT = Probes(QUESTIONS)


def read_probes(path: str | Path | None) -> Probes:
    r"""Read a table of probe questions.

    Parameters
    ----------
    path : str, Path or None
        YAML with one reason, or its first levels, and a question a line (see models/probes.yaml);
        None gives our own.

    Raises
    ------
    UserError
        The file can't be read or a line is wrong: file, line and reason are named.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "probes.yaml"
    >>> _ = file.write_text('billing>dispute: Is the credit clear?\n')
    >>> read_probes(file).question("billing > dispute > fee")
    'Is the credit clear?'
    """
    if path is None:
        return DEFAULT
    try:
        node = yaml.compose(Path(path).read_text(encoding="utf-8-sig"), yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        why = " ".join(str(error).split())
        raise UserError(f"{path}: not readable as YAML: {why}", EXAMPLE) from error
    if not isinstance(node, yaml.MappingNode):
        raise UserError(f"{path}: not a table of reasons and questions", EXAMPLE)
    questions: dict[str, str] = {}
    for key, value in node.value:
        where = f"{path}, line {key.start_mark.line + 1}"
        named = isinstance(key, yaml.ScalarNode) and key.tag != NULL
        reason = normalise_reason(key.value) if named else None
        if reason is None:
            raise UserError(
                f"{where}: an empty reason", f"name a reason, or '{ANY}' for all others"
            )
        if reason in questions:
            raise UserError(f"{where}: '{reason}' is there twice", "keep one of them")
        questions[reason] = _question(value, f"{where}: '{reason}'")
    return Probes(questions)


def _question(value: yaml.Node, what: str) -> str:
    """Give a line's question; refuse what an agent could not read out."""
    if not isinstance(value, yaml.ScalarNode) or not value.value.strip() or value.tag == NULL:
        raise UserError(f"{what} has no question", EXAMPLE)
    question: str = value.value.strip()
    if value.tag != TEXT:
        raise UserError(f"{what} has no question but {question}", EXAMPLE)
    places = sorted(set(PLACES.findall(question)) - {REASON})
    if places:
        raise UserError(f"{what} has {places[0]} in it, which nothing fills", f"only {REASON} is")
    return question
