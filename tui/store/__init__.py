"""The local SQLite files: the audit, which must never lose a row, and a cache, which may."""
