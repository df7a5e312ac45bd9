"""Context processor that gives every template the site's settings that it shows."""

from django.http import HttpRequest

from identity import current


def site(request: HttpRequest) -> dict[str, object]:
    """Return the blog's name, what strangers may become, and whether it ever had an owner."""
    found = current.site()
    # Not `site_name`: Django's login view sets that to the host.
    return {
        "blog_name": found.name,
        "registration_open": found.is_registration_open,
        "new_role": found.new_role,
        "had_owner": found.owned_since is not None,
    }
