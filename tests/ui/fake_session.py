# SPDX-License-Identifier: GPL-2.0-or-later
"""A session without a bus: it shows the status a test wants, and notes what it is asked.

session.show(samples.AT_HOME)
session.answers["set_setting"] = NotAllowed("no", hint="ask")     # an error is raised, anything else returned
session.hold("add_home_address")                                  # no answer before release()
assert session.requests == [("set_setting", ("mobile_node.enabled", "false"))]
"""

import inspect
from collections.abc import Callable
from typing import Any

from mnclient.errors import MobileIPv6Error
from mnclient.model.service_status import ServiceStatus
from service.client import Client
from ui.session import Reach, Reached, Session


class _Hold:
    def __await__(self):
        yield self


class FakeSession(Session):
    def __init__(self) -> None:
        super().__init__("unix:path=/nonexistent/mnclient-test-bus")
        self.requests: list[tuple[str, tuple[Any, ...]]] = []
        self.answers: dict[str, Any] = {}
        self._held: set[str] = set()
        self._waiting: list[tuple[Any, Any, Any]] = []

    # --- what a test does ---

    def show(self, status: ServiceStatus) -> None:
        """The service is there, and this is true."""
        self._status = status
        self._now(Reached(Reach.READY))
        self.status_changed.emit(status)

    def lose(self, reach: Reach = Reach.ABSENT, title: str = "The mnclient service is not running", hint: str = "x"):
        """The service cannot be reached, for this reason."""
        self._status = None
        self._now(Reached(reach, title, hint))

    def hold(self, *methods: str) -> None:
        """Answer these only when told to."""
        self._held.update(methods)

    def release(self) -> None:
        """Give all answers that were held back; from now on answer at once."""
        self._held.clear()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._drive(*each)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer is held back."""
        return bool(self._waiting)

    def asked(self, method: str) -> list[tuple[Any, ...]]:
        """The arguments of every request of this kind."""
        return [arguments for name, arguments in self.requests if name == method]

    # --- what the tray does ---

    def start(self) -> None:
        pass

    async def close(self) -> None:
        for request, _, _ in self._waiting:
            request.close()
        self._waiting.clear()

    def ask(self, request: Callable[[Any], Any], then=None, failed=None) -> None:
        self._drive(_all_of(request, _Recorder(self)), then, failed or self.failed.emit)

    def _drive(self, steps: Any, then: Any, failed: Any) -> None:
        try:
            steps.send(None)
        except StopIteration as end:
            if then:
                then(end.value)
        except MobileIPv6Error as error:
            failed(error)
        else:
            self._waiting.append((steps, then, failed))

    async def _answer(self, name: str, arguments: tuple[Any, ...]) -> Any:
        while name in self._held:
            await _Hold()
        answer = self.answers.get(name)
        if isinstance(answer, BaseException):
            raise answer
        return answer(*arguments) if callable(answer) else answer

    async def _stream(self, name: str):
        for answer in self.answers.get(name, ()):
            yield answer
        while True:
            await _Hold()


async def _all_of(request: Callable[[Any], Any], client: Any) -> Any:
    return await request(client)


class _Recorder:
    """In the client's place: has its methods, and no others."""

    def __init__(self, session: FakeSession) -> None:
        self._session = session

    def __getattr__(self, name: str) -> Any:
        method = getattr(Client, name)

        def call(*arguments: Any, **named: Any) -> Any:
            flat = tuple(inspect.signature(method).bind(None, *arguments, **named).arguments.values())[1:]
            self._session.requests.append((name, flat))
            if name.startswith("watch"):
                return self._session._stream(name)
            return self._session._answer(name, flat)

        return call
