import re

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from posts.discussion import trash
from posts.discussion import views as discussion
from posts.reading import authors, feeds, home, post, sharing, sitemaps, tags
from posts.writing import autosave, editor, my_posts, preview, revisions, uploads

app_name = "posts"


class TextConverter(StringConverter):
    """A part of a path, like `str`, but without NUL, which makes PostgreSQL fail."""

    regex = "[^/\0]+"


class UsualFeedConverter(StringConverter):
    regex = "|".join(map(re.escape, feeds.USUAL_ADDRESSES))


register_converter(TextConverter, "text")
register_converter(UsualFeedConverter, "usual_feed")


def feed_paths(route: str, view, name: str) -> list:
    """Return the paths of one feed: RSS, and below it Atom and JSON."""
    return [
        path(route, view, {"kind": "rss"}, name=name),
        path(f"{route}atom/", view, {"kind": "atom"}, name=f"{name}_atom"),
        path(f"{route}json/", view, {"kind": "json"}, name=f"{name}_json"),
    ]


def comment_paths(*views: tuple) -> list:
    """Return the paths for actions on one comment."""
    route = "<int:pk>/comments/<int:comment>/"
    return [path(route + verb, view.as_view(), name=name) for verb, view, name in views]


urlpatterns = [
    path("", home.Home.as_view(), name="post_list"),
    *feed_paths("feed/", feeds.site_feed, "feed"),
    path("<usual_feed:address>", feeds.usual_address, name="feed_usual"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", sitemaps.sitemap_part, name="sitemap_part"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("tags/", tags.TagList.as_view(), name="tag_list"),
    path("tag-suggestions/", tags.suggest_tags, name="tag_suggest"),
    path("tags/<text:slug>/", tags.TagDetail.as_view(), name="tag_detail"),
    *feed_paths("tags/<text:slug>/feed/", feeds.tag_feed, "tag_feed"),
    path("authors/<text:username>/", authors.AuthorDetail.as_view(), name="author_detail"),
    *feed_paths("authors/<text:username>/feed/", feeds.author_feed, "author_feed"),
    path("images/", uploads.ImageUpload.as_view(), name="image_upload"),
    path("images/<text:stem>.jpg", sharing.image_jpeg, name="image_jpeg"),
    path("mine/", my_posts.MyPosts.as_view(), name="my_posts"),
    path("create/", editor.PostCreate.as_view(), name="post_create"),
    path("create/autosave/", autosave.AutosaveNew.as_view(), name="autosave_new"),
    path("preview/", preview.Preview.as_view(), name="preview"),
    path("preview/<text:token>/", preview.preview_by_link, name="post_preview"),
    path("difference/", autosave.Difference.as_view(), name="difference"),
    path("<int:pk>/", post.PostDetail.as_view(), name="post_short"),
    # Some email programs cut a URL after the hyphen.
    path("<int:pk>-/", post.PostDetail.as_view(), name="post_cut"),
    path("<int:pk>-<str:slug>/", post.PostDetail.as_view(), name="post_detail"),
    path("<int:pk>/update/", editor.PostUpdate.as_view(), name="post_update"),
    path("<int:pk>/autosave/", autosave.Autosave.as_view(), name="autosave"),
    path("<int:pk>/history/", revisions.RevisionList.as_view(), name="revision_list"),
    path(
        "<int:pk>/history/<int:number>/", revisions.RevisionDetail.as_view(), name="revision_detail"
    ),
    path(
        "<int:pk>/history/<int:number>/restore/",
        revisions.RevisionRestore.as_view(),
        name="revision_restore",
    ),
    path("<int:pk>/preview-link/", preview.PreviewLinkEdit.as_view(), name="preview_link"),
    path("<int:pk>/delete/", trash.PostDelete.as_view(), name="post_delete"),
    path("<int:pk>/restore/", trash.PostRestore.as_view(), name="post_restore"),
    path("<int:pk>/like/", discussion.PostLike.as_view(), name="post_like"),
    path("<int:pk>/comments/", post.CommentCreate.as_view(), name="comment_create"),
    path("<int:pk>/comments/close/", discussion.CommentsClose.as_view(), name="comments_close"),
    path("<int:pk>/comments/open/", discussion.CommentsOpen.as_view(), name="comments_open"),
    *comment_paths(
        ("", discussion.CommentDetail, "comment_detail"),
        ("edit/", discussion.CommentEdit, "comment_edit"),
        ("delete/", discussion.CommentDelete, "comment_delete"),
        ("report/", discussion.CommentReportCreate, "comment_report"),
        ("approve/", discussion.CommentApprove, "comment_approve"),
        ("hide/", discussion.CommentHide, "comment_hide"),
        ("restore/", discussion.CommentRestore, "comment_restore"),
    ),
]
