"""Importing this module claims the names of our packages; see `own`."""

from costmodel.own import claim

claim()
