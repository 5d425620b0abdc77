"""Everything the node remembers: instances as files, all else in the database."""
