"""Credentials: which secrets a job may name, and what is sent with its requests because of them."""
