"""One page of one browser, a person who stands in it, and the ways to get somewhere."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.test import Client

from portal.accounts.models import User

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass
class Stage:
    """One page of one browser, and the ids of what was set up."""

    page: object
    url: str
    monkeypatch: object
    known: dict[str, str] = field(default_factory=dict)

    def be(self, name: str) -> None:
        """Be signed in as a person, or as nobody."""
        self.page.context.clear_cookies()
        if name:
            client = Client()
            client.force_login(User.objects.get(username=name), backend=BACKEND)
            cookie = client.cookies["sessionid"].value
            self.page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": self.url}])

    def go(self, path: str):
        """Open an address, with the ids that it names."""
        return self.page.goto(self.url + path.format(**self.known))

    def send(self, button: str = "main form[method=post] button[type=submit] >> nth=0", **fields: str):
        """Fill fields by their ids and press a button, whatever the browser thinks of the rest; the answer."""
        self.page.evaluate("for (const form of document.forms) form.noValidate = true")
        for name, text in fields.items():
            self.page.fill(f"#{name}", text)
        with self.page.expect_navigation() as answer:
            self.page.click(button)
        return answer.value


@dataclass(frozen=True)
class State:
    """A person, the way to the state, and what the portal answers there."""

    who: str
    reach: Callable[[Stage], object]
    status: int = 200
    demo: bool = True
    came_back: bool = False


def at(path: str) -> Callable[[Stage], object]:
    """The state is an address."""
    return lambda stage: stage.go(path)


def sent(path: str, button: str = "main form[method=post] button[type=submit] >> nth=0", **fields: str):
    """The state is the answer to a form."""

    def reach(stage: Stage):
        stage.go(path)
        for detail in stage.page.locator("main details:not(.choice, .choice *)").all():
            detail.evaluate("el => { el.open = true }")
        return stage.send(button, **fields)

    return reach


def posted(path: str, through: str) -> Callable[[Stage], object]:
    """The state is the answer to nothing, sent to an address that shows its form on other days, through a page's form."""

    def reach(stage: Stage):
        stage.go(through)
        stage.page.eval_on_selector("main form[method=post]", "(form, path) => { form.action = path; }", path)
        return stage.send()

    return reach
