"""What pages cost, measured: `python -m benchmarks.run`; docs/performance.md explains it."""

# An empty cookie for messages bypasses the page cache, so this measures rendering.
ANONYMOUS, RENDERED, AUTHOR = "anonymous", "rendered", "author"
# Nobody too, who has the page already and asks whether it is still the same.
AGAIN = "again"
NOBODY = (ANONYMOUS, RENDERED)
ALL = (*NOBODY, AUTHOR)
# Who asks for which page: machines come without a session, and one's own posts are for people.
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
    "feed": NOBODY,
    "sitemap": NOBODY,
    "mine": (AUTHOR,),
}
