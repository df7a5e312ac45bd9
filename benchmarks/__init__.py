"""Benchmarks of the site. `python -m benchmarks.run` measures pages; see docs/performance.md."""

# An empty cookie for messages bypasses the page cache, so this measures rendering.
ANONYMOUS, RENDERED, AUTHOR = "anonymous", "rendered", "author"
# An anonymous visitor whose browser already has the page and gets a 304.
AGAIN = "again"
WITHOUT_LOGIN = (ANONYMOUS, RENDERED)
ALL = (*WITHOUT_LOGIN, AUTHOR)
# The visitors of each case: feed readers and crawlers have no session, and My posts needs one.
CASES = {
    "index": (*ALL, AGAIN),
    # By number: the middle, or the farthest that a number reaches.
    "index-middle": ALL,
    "index-last": ALL,
    "detail": ALL,  # a post that shows 100 comments
    "tag": ALL,  # of every second post
    "tag-ten": ALL,  # of ten posts
    "author": ALL,  # with the most posts
    "search-rare": ALL,  # a word in five posts
    "search-common": ALL,  # the word "the"
    "search-prefix": ALL,
    "search-three": ALL,
    "feed": WITHOUT_LOGIN,
    "sitemap": WITHOUT_LOGIN,
    "mine": (AUTHOR,),
}
