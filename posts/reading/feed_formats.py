"""The formats of feeds: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

import json
from datetime import UTC, datetime

from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.utils.html import escape
from django.utils.xmlutils import SimplerXMLGenerator

from posts.reading.sharing import SharedImage

CONTENT_NAMESPACE = "http://purl.org/rss/1.0/modules/content/"
MEDIA_NAMESPACE = "http://search.yahoo.com/mrss/"


def image_attributes(image: SharedImage) -> dict[str, str]:
    """Return the attributes of a `media:content` element."""
    sizes = {"width": str(image.width), "height": str(image.height)}
    return {"url": image.path, "type": "image/jpeg", "medium": "image"} | sizes


class SteadyFeed(SyndicationFeed):
    """A feed with a fixed date while it is empty. Django's class would use the current time."""

    def latest_post_date(self) -> datetime:
        return super().latest_post_date() if self.items else datetime(1970, 1, 1, tzinfo=UTC)

    def add_image(self, handler: SimplerXMLGenerator, image: SharedImage | None) -> None:
        """Add the cover, with its alt text, as an element of Media RSS."""
        if image:
            handler.startElement("media:content", image_attributes(image))
            handler.addQuickElement("media:description", image.alt, {"type": "plain"})
            handler.endElement("media:content")


class RssFeed(SteadyFeed, Rss201rev2Feed):
    """RSS 2.0. If the author describes a post, the text is in `content:encoded`."""

    def item_attributes(self, item: dict) -> dict[str, str]:
        return {"xml:lang": item["language"]}

    def rss_attributes(self) -> dict[str, str]:
        spaces = {"xmlns:content": CONTENT_NAMESPACE, "xmlns:media": MEDIA_NAMESPACE}
        return super().rss_attributes() | spaces

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict) -> None:
        # Feed readers show this element as HTML.
        shown = escape(item["summary"]) or item["description"]
        super().add_item_elements(handler, item | {"description": shown})
        if item["summary"]:
            handler.addQuickElement("content:encoded", item["description"])
        self.add_image(handler, item["image"])


class AtomFeed(SteadyFeed, Atom1Feed):
    """Atom with the full post as content, which Django's class would label as a summary."""

    def root_attributes(self) -> dict[str, str]:
        return super().root_attributes() | {"xmlns:media": MEDIA_NAMESPACE}

    def item_attributes(self, item: dict) -> dict[str, str]:
        return {"xml:lang": item["language"]}

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict) -> None:
        super().add_item_elements(handler, item | {"description": None})
        if item["summary"]:
            handler.addQuickElement("summary", item["summary"])
        handler.addQuickElement("content", item["description"], {"type": "html"})
        self.add_image(handler, item["image"])


class JsonFeed(SyndicationFeed):
    """JSON Feed 1.1, https://www.jsonfeed.org/version/1.1/."""

    content_type = "application/feed+json; charset=utf-8"

    def write(self, outfile, encoding: str) -> None:
        document = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": self.feed["title"],
            "home_page_url": self.feed["link"],
            "feed_url": self.feed["feed_url"],
            "language": self.feed["language"],
            "items": [self.item(item) for item in self.items],
        }
        outfile.write(json.dumps(document, ensure_ascii=False))

    def item(self, item: dict) -> dict:
        summary = {"summary": item["summary"]} if item["summary"] else {}
        image = {"image": item["image"].path} if item["image"] else {}
        return (
            summary
            | image
            | {
                "id": item["unique_id"],
                "url": item["link"],
                "title": item["title"],
                "content_html": item["description"],
                "date_published": item["pubdate"].isoformat(),
                "date_modified": item["updateddate"].isoformat(),
                "authors": [{"name": item["author_name"], "url": item["author_link"]}],
                "tags": list(item["categories"]),
                "language": item["language"],
            }
        )


FORMATS = {"rss": RssFeed, "atom": AtomFeed, "json": JsonFeed}
