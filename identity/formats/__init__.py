"""Formats of the blog's language for an interface in another language (FORMAT_MODULE_PATH)."""
