"""One file per command; `recontact_pipelines.cli` lists them."""
