"""FORMAT_MODULE_PATH: the formats of BLOG_LANGUAGE for an interface in another language."""
