"""Ours: what `recontact label` does, every check and every column, in the order of the contacts."""

import argparse
from pathlib import Path

from recontact import Policy
from recontact.labels.files import label_files

parser = argparse.ArgumentParser()
parser.add_argument("out", type=Path)
parser.add_argument("contacts", nargs="+")
parser.add_argument("--since", type=Path)
args = parser.parse_args()
label_files(args.contacts, Policy(), args.out, args.since)
