"""Sessions that load their user in the same query and are renewed on use."""

import logging
from contextlib import nullcontext
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user
from django.contrib.auth import middleware as auth_middleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions import middleware
from django.contrib.sessions.backends import db
from django.db import DatabaseError, connections, router
from django.db.models import CharField, DateTimeField
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from accounts.models import Session, User
from content.prepared import Parameter, Prepared

log = logging.getLogger(__name__)

# A renewal is a write, so each session is renewed at most once a day.
RENEWED_AFTER = timedelta(days=1)
KEY = Parameter("key", CharField())
NOW = Parameter("now", DateTimeField())
VALID_SESSION = Prepared(
    lambda: Session.objects.filter(session_key=KEY, expire_date__gt=NOW).select_related("user")
)


class SessionStore(db.SessionStore):
    # The user, key and end of the last row that was read, or None.
    user: User | None = None
    read_key: str | None = None
    ends_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict) -> Session:
        session = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        return session

    def _get_session_from_db(self) -> Session | None:
        session = VALID_SESSION.first(key=self.session_key, now=timezone.now())
        if session is None:
            self._session_key = None
            return None
        self.user = session.user
        self.read_key = session.session_key
        self.ends_at = session.expire_date
        return session

    @property
    def cookie_age(self) -> int | None:
        """Seconds for which the browser keeps the cookie; None until the browser closes."""
        return None if self.get_expire_at_browser_close() else self.get_expiry_age()

    def renew(self) -> bool:
        """Extend the session once a day; return whether this call extended it.

        If several requests arrive at once, one of them does it. If the database is locked or
        read-only, nothing changes, and the next request tries again.
        """
        ends_at = self.get_expiry_date()
        if self.ends_at > ends_at - RENEWED_AFTER:
            return False
        connection = connections[router.db_for_write(Session)]
        rows = Session.objects.filter(pk=self.read_key, expire_date=self.ends_at)
        try:
            with getattr(connection, "without_waiting", nullcontext)():
                return bool(rows.update(expire_date=ends_at))
        except DatabaseError as error:
            log.info("A session was not renewed: %s", error)
            return False


class SessionMiddleware(middleware.SessionMiddleware):
    """Middleware that renews sessions and moves those with the old cookie name to the new one."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        old = request.COOKIES.get(settings.OLD_SESSION_COOKIE_NAME)
        if old and settings.SESSION_COOKIE_NAME not in request.COOKIES:
            request.session = self.SessionStore(old)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response = super().process_response(request, response)
        # Only if this instance knows the session: another instance may own the old cookie.
        if request.session.ends_at:
            keep_alive(request, response)
            drop_old_cookie(request, response)
        return response


def keep_alive(request: HttpRequest, response: HttpResponse) -> None:
    """Renew the session that was used, and send its cookie if that is due."""
    session = request.session
    name = settings.SESSION_COOKIE_NAME
    # This request already saved or ended the session, or the database may be down.
    if name in response.cookies or session.is_empty() or response.status_code >= 500:
        return
    if session.renew() or name not in request.COOKIES:
        response.set_cookie(
            name,
            session.session_key,
            max_age=session.cookie_age,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite=settings.SESSION_COOKIE_SAMESITE,
        )


def drop_old_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """Delete the cookie with the old name if it belongs to this instance."""
    old = request.COOKIES.get(settings.OLD_SESSION_COOKIE_NAME)
    session = request.session
    if not old:
        return
    is_ours = old == session.read_key
    if not is_ours and session.is_empty():
        # Otherwise, an older session of this browser would come back after the visitor logs out.
        is_ours = bool(Session.objects.filter(pk=old).delete()[0])
    if is_ours:
        response.delete_cookie(
            settings.OLD_SESSION_COOKIE_NAME, samesite=settings.SESSION_COOKIE_SAMESITE
        )


class AuthenticationMiddleware(auth_middleware.AuthenticationMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """Return the user that was loaded with the session if the session is still valid for them.

    In every other case, Django decides, with another query.
    """
    pk = request.session.get(SESSION_KEY)
    vouched = request.session.get(HASH_SESSION_KEY, "")
    user = request.session.user
    is_theirs = user is not None and user.is_active and pk == str(user.pk)
    if is_theirs and constant_time_compare(vouched, user.get_session_auth_hash()):
        return user
    return get_user(request)
