"""Ours: every check, and at the start of each contact the 33 features, or with `--whole` all."""

import argparse

import pyarrow.parquet as pq

from recontact.clean import read_contacts
from recontact.dataset import features
from recontact.labels.read import read_labels

SPANS = ("1h", "48h", "7d", "30d", "90d")
ENTITIES = ("agent", "queue", "reason")
ONLY = (
    *(f"{counted}_{span}" for counted in ("contacts", "same_issue") for span in (*SPANS, "before")),
    *("unhandled_7d", "outbound_7d", "escalated_90d"),
    *("since_last_s", "since_last_end_s", "since_same_issue_s", "mean_gap_s"),
    *("last_channel", "last_queue", "last_reason", "last_talk_s", "last_escalated"),
    *(f"{e}_{what}" for e in ENTITIES for what in ("repeat_rate", "judged", "escalation_rate")),
)
KNOWN = {"reason": "start", "agent_id": "start"}  # routed on arrival: rates of the agent show

parser = argparse.ArgumentParser()
parser.add_argument("out")
parser.add_argument("contacts")
parser.add_argument("labels")
parser.add_argument("--whole", action="store_true")
args = parser.parse_args()
found = features(read_contacts(args.contacts), read_labels([args.labels]), "start", known=KNOWN)
table = found if args.whole else found.select(["contact_id", *ONLY])
pq.write_table(table, args.out, compression="zstd")
