"""The project: settings, URLs, middleware and the web server's configuration."""

# The version's only source. The wheel, `blogsite --version`, `prepare` and the admin read it.
__version__ = "0.2.0"
