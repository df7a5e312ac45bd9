"""Give tags with signs readable addresses, such as cpp for C++, and redirect the old ones.

No tag takes an address that another tag had, because links to it would then lead to another topic.
"""

from itertools import chain, count

from django.db import migrations

from content.slugs import slugify, tag_slug
from identity.redirects import key_of


def improve(apps, schema_editor) -> None:
    Tag = apps.get_model("posts", "Tag")
    tags = list(Tag.objects.order_by("pk").only("name", "slug", "published_count"))
    taken = {tag.slug for tag in tags}
    for tag in tags:
        base = tag_slug(tag.name)
        if base == slugify(tag.name, empty="tag"):
            continue
        old = tag.slug
        numbered = (f"{base}-{number}" for number in count(2))
        tag.slug = next(slug for slug in chain([base], numbered) if slug not in taken)
        taken.add(tag.slug)
        tag.save(update_fields=["slug"])
        # A redirect would reveal a tag that readers don't see.
        if tag.published_count:
            redirect(apps, f"/tags/{old}/", f"/tags/{tag.slug}/")


def redirect(apps, old: str, new: str) -> None:
    """Do the same as `identity.redirects.add`, for tags that were renamed or merged before."""
    redirects = apps.get_model("identity", "Redirect").objects
    redirects.filter(old_path=key_of(new)).delete()
    redirects.filter(target=old).update(target=new)
    redirects.update_or_create(old_path=key_of(old), defaults={"target": new})


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0003_redirect"),
        ("posts", "0021_description"),
    ]

    operations = [migrations.RunPython(improve, migrations.RunPython.noop)]
