"""FORMAT_MODULE_PATH: formats of BLOG_LANGUAGE for an interface in another language."""
