"""Password hashes: their cost, a limit on concurrent ones, and equal times for all refusals."""

import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, authenticate
from django.contrib.auth import hashers as django_hashers
from django.contrib.auth.hashers import check_password, make_password

from accounts import hashers
from accounts.backends import kinds_in_use
from accounts.hashers import LARGE, PBKDF2, SAMPLES, SMALL, kind_of
from accounts.models import User
from conftest import PASSWORD
from content.bulkhead import Busy
from content.tests.slots import all_slots_taken

LOGIN = "/auth/login/"
REAL = ["accounts.hashers.Argon2", "accounts.hashers.Pbkdf2"]
OF_DJANGO = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
FEW_ITERATIONS = (
    "pbkdf2_sha256$600000$R4nD0mSaLtR4nD0mSaLt22$nJ1QA/oHiU/9fMJJiF8SJTe9j/V6TndHw8pIuB="
)
ITERATIONS = django_hashers.PBKDF2PasswordHasher.iterations
done = []


class CountedArgon2(hashers.Argon2):
    """A hasher that records the work instead of doing it, and accepts no password."""

    def encode(self, password, salt):
        done.append((SMALL, 1))
        return SAMPLES[SMALL]

    def verify(self, password, encoded):
        done.append((kind_of(encoded), 1))
        return False


class CountedPbkdf2(hashers.Pbkdf2):
    def encode(self, password, salt, iterations=None):
        done.append((PBKDF2, iterations or self.iterations))
        return SAMPLES[PBKDF2]

    def verify(self, password, encoded):
        self.encode(password, "", self.decode(encoded)["iterations"])
        return False


@pytest.fixture
def counted(settings) -> list:
    settings.PASSWORD_HASHERS = [f"{__name__}.CountedArgon2", f"{__name__}.CountedPbkdf2"]
    done.clear()
    kinds_in_use.cache_clear()
    yield done
    kinds_in_use.cache_clear()


def work() -> dict[str, int]:
    total = dict.fromkeys(SAMPLES, 0)
    for kind, amount in done:
        total[kind] += amount
    return total


@pytest.mark.parametrize("path", [LOGIN, "/admin/login/"])
@pytest.mark.parametrize(
    ("encoded", "is_active"),
    [
        (None, True),
        (SAMPLES[SMALL], True),
        (SAMPLES[LARGE], True),
        (SAMPLES[PBKDF2], True),
        (FEW_ITERATIONS, True),
        (SAMPLES[SMALL], False),
        (SAMPLES[LARGE], False),
        ("!no password", True),
        ("no hash at all", True),
    ],
    ids=[
        *("unknown", "upgraded", "old", "of Django's default", "of an older Django"),
        *("inactive", "old and inactive", "without a password", "unreadable"),
    ],
)
def test_every_refused_login_does_the_same_work(
    client, make_user, counted, path, encoded, is_active
):
    for kind in (LARGE, PBKDF2):
        set_hash(make_user(kind.split()[0]), SAMPLES[kind])
    if encoded:
        set_hash(make_user("reader", is_active=is_active), encoded)
    counted.clear()
    response = client.post(path, {"username": "reader", "password": "wrong"})
    assert response.status_code == 200 and response.context["form"].errors
    assert work() == {SMALL: 1, LARGE: 1, PBKDF2: ITERATIONS}


def set_hash(user: User, encoded: str) -> None:
    User.objects.filter(pk=user.pk).update(password=encoded)


@pytest.mark.parametrize("other", [SMALL, LARGE, PBKDF2])
def test_a_refusal_costs_only_the_kinds_of_hashes_that_accounts_have(
    client, make_user, counted, other
):
    make_user("author")
    set_hash(make_user("reader"), SAMPLES[other])
    amount = ITERATIONS if other == PBKDF2 else 1
    for name in ("reader", "author", "unknown"):
        counted.clear()
        client.post(LOGIN, {"username": name, "password": "wrong"})
        assert work() == dict.fromkeys(SAMPLES, 0) | {SMALL: 1, other: amount}, name


def test_the_hash_of_an_imported_account_counts_from_its_first_login(client, make_user, counted):
    client.post(LOGIN, {"username": "unknown", "password": "wrong"})
    assert work() == {SMALL: 1, LARGE: 0, PBKDF2: 0}
    set_hash(make_user("moved"), SAMPLES[PBKDF2])
    for name in ("moved", "unknown"):
        counted.clear()
        client.post(LOGIN, {"username": name, "password": "wrong"})
        assert work() == {SMALL: 1, LARGE: 0, PBKDF2: ITERATIONS}, name


def test_a_new_hash_takes_19_mib_and_one_lane(settings):
    settings.PASSWORD_HASHERS = REAL
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password(PASSWORD, encoded) and not check_password("wrong", encoded)


def test_the_samples_match_hashes_made_by_django(settings):
    for hasher, kind in zip(OF_DJANGO, (LARGE, PBKDF2), strict=True):
        settings.PASSWORD_HASHERS = [hasher]
        # If a newer Django uses more iterations, every refusal must use more too.
        assert not django_hashers.get_hasher().must_update(SAMPLES[kind])


@pytest.mark.parametrize("hasher", ["older", "moved here"])
def test_an_old_hash_logs_in_and_is_upgraded(client, make_user, settings, hasher):
    user = make_user("reader")
    old = django_hashers.Argon2PasswordHasher().encode(PASSWORD, "salt of an older account")
    moved = django_hashers.PBKDF2PasswordHasher().encode(PASSWORD, "salt", iterations=1_000)
    User.objects.update(password={"older": old, "moved here": moved}[hasher])
    settings.PASSWORD_HASHERS = REAL
    assert client.post(LOGIN, {"username": "reader", "password": "wrong"}).status_code == 200
    assert client.post(LOGIN, {"username": "reader", "password": PASSWORD}).status_code == 302
    user.refresh_from_db()
    assert kind_of(user.password) == SMALL and user.check_password(PASSWORD)


@pytest.mark.parametrize("encoded", [*SAMPLES.values(), ""], ids=[*SAMPLES, "new"])
@pytest.mark.parametrize("limit", ["expensive", "hashing"])
def test_no_hash_is_computed_without_a_slot(settings, limit, encoded):
    settings.PASSWORD_HASHERS = REAL
    with all_slots_taken(getattr(hashers, limit)), pytest.raises(Busy):
        check_password(PASSWORD, encoded)
    # The slot is free again.
    with hashers.slot():
        pass


def test_a_worker_computes_two_hashes_at_a_time():
    assert hashers.hashing.free._value == 2


FORMS = {
    "log-in": (LOGIN, "anonymous", {"username": "reader", "password": PASSWORD}),
    "log-in to the admin": (
        "/admin/login/",
        "anonymous",
        {"username": "reader", "password": PASSWORD},
    ),
    "registration": (
        "/auth/register/",
        "anonymous",
        {"username": "ada", "email": "ada@example.org", "password1": "x", "password2": "x"},
    ),
    "password change": (
        "/auth/password/change/",
        "reader",
        {"old_password": PASSWORD, "new_password1": "x", "new_password2": "x"},
    ),
}
NEW_PASSWORD = "a fine day for a long walk"


@pytest.mark.parametrize("name", FORMS)
def test_a_form_without_a_slot_is_returned_without_its_passwords(client_of, reader, settings, name):
    path, visitor, form = FORMS[name]
    form = {key: NEW_PASSWORD if value == "x" else value for key, value in form.items()}
    client = client_of(visitor)
    settings.PASSWORD_HASHERS = REAL
    with all_slots_taken(hashers.hashing):
        response = client.post(path, form)
    assert response.status_code == 503 and response["Retry-After"]
    assert PASSWORD not in response.text and NEW_PASSWORD not in response.text
    if "username" in form:
        assert form["username"] in response.text
    assert client.post(path, form).status_code in (200, 302)


def test_a_session_from_the_previous_version_continues(client, reader):
    client.force_login(reader)
    session = client.session
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    assert client.get("/mine/").status_code == 200


@pytest.mark.parametrize("credentials", [{"token": "x"}, {"username": "reader"}])
def test_credentials_of_another_kind_log_no_one_in(reader, credentials):
    assert authenticate(None, **credentials) is None
