"""Ours: what `recontact features` does at the start of each contact, `--only` the 33 or the whole.

Every check, the rows in the order of the contacts. Agents, like reasons, are known on arrival, so
that their rates show at the start.
"""

import argparse
from pathlib import Path

from recontact.features.declared import FEATURES
from recontact.features.files import features_files
from recontact.features.yours import only

SPANS = ("1h", "48h", "7d", "30d", "90d", "before")
ONLY = (
    *(f"{counted}_{span}" for counted in ("contacts", "same_issue") for span in SPANS),
    *("unhandled_7d", "outbound_7d", "escalated_90d"),
    *("since_last_s", "since_last_end_s", "since_same_issue_s", "mean_gap_s"),
    *("last_channel", "last_queue", "last_reason", "last_talk_s", "last_escalated"),
    *(
        f"{entity}_{rate}"
        for entity in ("agent", "queue", "reason")
        for rate in ("repeat_rate", "judged", "escalation_rate")
    ),
)
KNOWN = {"reason": "start", "agent_id": "start"}

parser = argparse.ArgumentParser()
parser.add_argument("out", type=Path)
parser.add_argument("contacts")
parser.add_argument("labels")
parser.add_argument("--whole", action="store_true")
args = parser.parse_args()
features = FEATURES if args.whole else only(FEATURES, ONLY)
features_files([args.contacts], args.labels, "start", args.out, known=KNOWN, features=features)
