"""Formats of BLOG_LANGUAGE for an interface in another language (FORMAT_MODULE_PATH)."""
