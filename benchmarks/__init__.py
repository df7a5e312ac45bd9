"""Benchmarks of the site. `python -m benchmarks.run` measures pages; see docs/performance.md."""

# An empty cookie for messages bypasses the page cache, so this measures rendering.
ANONYMOUS, RENDERED, AUTHOR = "anonymous", "rendered", "author"
# An anonymous visitor whose browser already has the page and gets a 304.
AGAIN = "again"
WITHOUT_LOGIN = (ANONYMOUS, RENDERED)
ALL = (*WITHOUT_LOGIN, AUTHOR)
# The visitors of each case: machines have no session, and My posts needs one.
CASES = {
    "index": (*ALL, AGAIN),
    "index-middle": ALL,
    "index-last": ALL,
    "detail": ALL,
    "tag": ALL,
    "tag-ten": ALL,
    "author": ALL,
    "search-rare": ALL,
    "search-common": ALL,
    "search-prefix": ALL,
    "search-three": ALL,
    "feed": WITHOUT_LOGIN,
    "sitemap": WITHOUT_LOGIN,
    "mine": (AUTHOR,),
}
