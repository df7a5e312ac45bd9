"""The blog's version, on the command line and in the admin's footer."""

import pytest

from blogsite import __main__, __version__


def test_the_command_prints_the_version_of_the_blog(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["blogsite", "--version"])
    __main__.main()
    assert capsys.readouterr().out == f"blogsite {__version__}\n"


@pytest.mark.parametrize(
    ("visitor", "page", "is_shown"),
    [("moderator", "/admin/", True), ("anonymous", "/admin/login/", False)],
)
def test_only_staff_see_the_version_in_the_footer_of_the_admin(client_of, visitor, page, is_shown):
    footer = client_of(visitor).get(page).text.partition('<footer id="footer">')[2]
    assert (f"Version {__version__}" in footer.partition("</footer>")[0]) is is_shown
