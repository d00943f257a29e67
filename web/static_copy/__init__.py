"""The archive as plain files that open without a server."""
