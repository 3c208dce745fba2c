"""Skylab measured beside other servers: see ../run."""
