"""A notice really arrives, by mail and by webhook; a failure is named without any password."""

import email
import email.policy
import sys

import pytest

from genesis.errors import ConfigError, NotBuilt
from genesis.reports.notify import addresses, send
from tests.support.mailbox import a_hook, a_mailbox

SUMMARY = "# Genesis, through 2024-08-08\n\n| day | result |\n|---|---|\n| 2024-08-08 | +1.20 |\n"


def test_a_mail_arrives_with_the_summary() -> None:
    with a_mailbox() as box:
        assert send([box.url], "Genesis 2024-08-08: +1.20 USDT", SUMMARY) == ()
    (mail,) = box.mails
    read = email.message_from_string(mail, policy=email.policy.default)
    assert read["Subject"] == "Genesis 2024-08-08: +1.20 USDT"
    assert read["To"] == "trader@example.org"
    body = read.get_body(("html", "plain"))
    assert body is not None
    assert "+1.20" in body.get_content()


def test_a_webhook_gets_title_and_text() -> None:
    with a_hook() as hook:
        assert send([hook.url], "a title", SUMMARY) == ()
    (post,) = hook.posts
    assert post["title"] == "a title"
    assert "+1.20" in post["message"]


def test_one_address_that_fails_is_named_without_its_secrets_and_the_others_are_served() -> None:
    with a_mailbox() as box, a_hook() as hook:
        box.refuses = True
        hook.status = 500
        gone = "mailto://me:hunter2@127.0.0.1:9?from=a@example.org&to=b@example.org&mode=insecure"
        failed = send([box.url, hook.url, gone], "title", SUMMARY)
        hook.status = 200
        assert send([box.url, hook.url], "title", SUMMARY) == (
            "notice 1 of 2 (mailto) could not be sent",
        )
    assert failed == (
        "notice 1 of 3 (mailto) could not be sent",
        "notice 2 of 3 (json) could not be sent",
        "notice 3 of 3 (mailto) could not be sent",
    )


@pytest.mark.parametrize("url", ["nonsense", "hunter2@example.org", "unknown://me:hunter2@x/"])
def test_an_address_that_cannot_be_understood_is_refused_before_anything_is_sent(url: str) -> None:
    with a_hook() as hook:
        with pytest.raises(ConfigError, match=r"GENESIS_NOTIFY: address 2") as caught:
            send([hook.url, url], "title", SUMMARY)
        assert hook.posts == []
    assert "hunter2" not in str(caught.value)


def test_without_apprise_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(NotBuilt, match=r"genesis\[notify\]"):
        send(["json://127.0.0.1/"], "title", SUMMARY)


@pytest.mark.parametrize(
    ("text", "urls"),
    [
        ("", ()),
        (" , ", ()),
        ("json://a", ("json://a",)),
        ("json://a, mailto://b?to=c,d@e.org ,xml://f", ("json://a", "mailto://b?to=c,d@e.org", "xml://f")),
        ("json://a xml://b", ("json://a", "xml://b")),
    ],
)  # fmt: skip
def test_addresses_are_told_apart_by_their_schemes(text: str, urls: tuple[str, ...]) -> None:
    assert addresses(text) == urls
