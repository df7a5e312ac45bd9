"""The editor's buttons: the change that each one makes to a post, and its message."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from identity.language import date_format
from posts.models import Post
from posts.writing import publishing, reviewing
from posts.writing.edit import Edit
from posts.writing.forms import PostForm

REVIEW_ACTIONS = {
    "ask_review": reviewing.ask_review,
    "return": reviewing.return_post,
    "withdraw": reviewing.withdraw,
}
# Any other value saves the post in its current state.
ACTIONS = (
    *("publish", "publish_now", "panel", "draft", "schedule", "unpublish", "compare"),
    # Takes the values of front matter over into the form, and saves nothing.
    "front_matter",
    *REVIEW_ACTIONS,
)
# The actions of a person who may not publish the post. They don't change what readers see.
FOR_EVERYONE = ("draft", "compare", "front_matter", "ask_review", "withdraw")
# The verbs that save the text of a published post beside it.
PRIVATE_VERBS = ("save_private_version", *REVIEW_ACTIONS)
# The functions for the results of `verb_for`, except those that take other arguments.
VERBS = {
    "publish": publishing.publish,
    "save_draft": publishing.save_draft,
    "save_hidden": publishing.save_hidden,
    "unpublish": publishing.unpublish,
    "update": publishing.update,
    **REVIEW_ACTIONS,
}


def press_button(action: str, form: PostForm, edit: Edit) -> Post:
    """Apply the button of a valid form to its post. Raises the errors of `publishing`."""
    verb = verb_for(action, form)
    if verb == "save_private_version":
        return publishing.autosave(form.instance, edit)
    if verb == "schedule":
        return publishing.schedule(form.instance, form.cleaned_data["publish_at"], edit)
    return VERBS[verb](form.instance, edit)


def verb_for(action: str, form: PostForm) -> str:
    """Return the verb that the button of a valid form stands for.

    A button that doesn't name the change leaves a published or scheduled text alone, because the
    editor may have been opened before the post was published or scheduled.
    """
    has_time = bool(form.cleaned_data.get("publish_at"))
    if form.instance.is_hidden:
        return "save_hidden"
    if action in REVIEW_ACTIONS:
        return action
    if action in ("draft", "panel"):
        return "save_private_version" if form.is_listed or form.is_scheduled else "save_draft"
    if action == "unpublish":
        return "save_draft" if has_time else "unpublish"
    is_for_later = action == "publish" and form.is_for_later()
    if action == "schedule" or is_for_later or (action == "update" and form.is_scheduled):
        return "schedule" if has_time else "update"
    if action in ("publish", "publish_now"):
        return "publish"
    # A draft also keeps the time that was typed.
    return "update" if form.is_listed or form.is_scheduled else "save_draft"


NOT_PUBLISHED = gettext_lazy(
    "Only an editor can change what readers see here. Your text is saved. When it is ready, press "
    "Ask for review."
)
REVIEW_MESSAGES = {
    "ask_review": gettext_lazy("Your text is waiting for review. You can keep writing."),
    "return": gettext_lazy("The text was returned to its author."),
    "withdraw": gettext_lazy("Your text no longer waits for review."),
}


def private_message(form: PostForm) -> str:
    """Return the message about text that was saved beside a published post."""
    if form.action in REVIEW_MESSAGES:
        return REVIEW_MESSAGES[form.action]
    if form.may_publish:
        return _("Your edits are saved. Readers won't see them until you press Update.")
    return _("Your edits are saved. Readers won't see them until an editor publishes them.")


def success_message(post: Post, form: PostForm) -> str:
    """Return the message about the change that `form` made to `post`."""
    if form.action in REVIEW_MESSAGES and not post.is_hidden:
        return REVIEW_MESSAGES[form.action]
    if post.is_draft and form.is_listed:
        return _("Your post is a draft again. Readers no longer see it.")
    if post.is_draft and form.is_scheduled:
        return _("Your post is a draft again. It is no longer scheduled.")
    if post.is_draft:
        return _("Your draft is saved.")
    if post.is_scheduled(timezone.now()):
        return scheduled_text(post)
    if form.is_listed or post.is_hidden:
        return _("Your changes are saved.")
    return _("Your post is published.")


def scheduled_text(post: Post) -> str:
    """Return the message for a scheduled post, with its time in the current zone."""
    at = date_format(timezone.localtime(post.publish_at), "DATETIME_FORMAT")
    said = {"time": at, "zone": timezone.get_current_timezone_name()}
    return _("Your post is scheduled for %(time)s (%(zone)s).") % said
