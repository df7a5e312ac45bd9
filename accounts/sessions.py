"""Sessions that bring their user along, so that one query says who asks."""

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, get_user, middleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from accounts.models import Session, User


class SessionStore(db.SessionStore):
    # Of the row that was read last; None for nobody's.
    user: User | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict) -> Session:
        session = super().create_model_instance(data)
        session.user_id = data.get(SESSION_KEY)
        return session

    def _get_session_from_db(self) -> Session | None:
        session = super()._get_session_from_db()
        self.user = session and session.user
        return session


class AuthenticationMiddleware(middleware.AuthenticationMiddleware):
    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        request.user = SimpleLazyObject(lambda: user_of(request))


def user_of(request: HttpRequest) -> User | AnonymousUser:
    """Return who asks: the user whom the session brought, where it still vouches for them.

    Whatever is not plainly so is for Django to judge, which asks once more.
    """
    pk, vouched = request.session.get(SESSION_KEY), request.session.get(HASH_SESSION_KEY, "")
    user = request.session.user
    is_theirs = user is not None and user.is_active and pk == str(user.pk)
    if is_theirs and constant_time_compare(vouched, user.get_session_auth_hash()):
        return user
    return get_user(request)
