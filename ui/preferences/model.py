# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings in force, as the service says they are, and the changes a person makes to them.

A change shows at once, is sent, and snaps back when the service refuses it. Changes are sent one after the other, so
that one password serves a whole group of them; when it is not given, the rest of the group is not tried.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from mnclient.errors import MobileIPv6Error
from service.contract import MANAGER, METHODS, Action, NotAllowed, Permission
from ui import autostart
from ui.session import Reach, settings_with
from ui.user_settings import UserSettings
from ui.view.preferences_view import TABLES, with_defaults
from ui.view.setting_text import toml_text
from ui.view.undo import Change, Request, UndoStack

REREAD_MILLISECONDS: Final = 250
"""The shortest time between two readings of the settings: the status may change more often."""
WISH: Final = "wish"
AUTOSTART: Final = "autostart"
"""Methods of requests that do not go to the service."""
SLOW_MILLISECONDS: Final = 150
"""From then on a change that has no answer yet is shown as under way."""


@dataclass(frozen=True, slots=True)
class _Job:
    """What is to be sent: a change, or the way back of one."""

    change: Change
    requests: tuple[Request, ...]
    action: Action | None
    value: object
    undoes: bool = False


class PreferencesModel(QObject):
    """Signals:
    changed(): a value, a permission, or whether the service is there is another one.
    undo_changed(): another change would be undone next.
    working(str, bool): changes of this subject are under way for a while, or no longer.
    refused(str, MobileIPv6Error): a change of this subject was not accepted.
    done(str): a change of this subject was accepted.
    """

    changed = Signal()
    undo_changed = Signal()
    working = Signal(str, bool)
    refused = Signal(str, object)
    done = Signal(str)

    def __init__(self, session: Any, user_settings: UserSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self.user_settings = user_settings
        self.schema: dict[str, Any] = {}
        self.permissions: dict[Action, Permission] = {}
        self.undo_stack = UndoStack()
        self._local: dict[str, Callable[..., None]] = {
            WISH: lambda name, value: user_settings.change(**{name: value}),
            AUTOSTART: autostart.set_enabled,
        }
        self._values: dict[str, Any] = {}
        self._queue: list[_Job] = []
        self._running: _Job | None = None
        self._writes = 0
        self._written: dict[str, int] = {}
        self._is_reading = self._is_stale = self._is_awake = False
        self._again = _timer(self, REREAD_MILLISECONDS, self._read_if_stale)
        self._slow = _timer(self, SLOW_MILLISECONDS, self._say_slow)
        session.status_changed.connect(self._stale)
        session.reach_changed.connect(self._reach_changed)

    # --- reading ---

    @property
    def is_reachable(self) -> bool:
        """Whether there is a service that answers."""
        return self.session.reached.reach is Reach.READY

    def value(self, key: str) -> Any:
        """What is set, or about to be; None while that is not known."""
        for job in reversed(self._jobs()):
            if job.change.subject == key and job.value is not None:
                return job.value
        return self._values.get(key)

    def rows(self, key: str) -> list[Mapping[str, Any]]:
        """A setting that is a list of tables; what another version sends instead counts as empty."""
        value = self.value(key)
        return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []

    def action(self, request: Request) -> Action | None:
        """The permission that a request needs; None when this version does not know it."""
        if request.method == "set_setting":
            declared = self.schema.get(str(request.arguments[0]))
            return Action.ADMINISTER if declared is not None and declared.needs_admin else Action.CONTROL
        member = "".join(word.capitalize() for word in request.method.split("_"))
        method = METHODS[MANAGER].get(member)
        return method.action if method else None

    def permission(self, request: Request) -> Permission:
        """Whether this person may do that. What nobody told is tried: the service decides in any case."""
        action = self.action(request)
        return self.permissions.get(action, Permission.YES) if action else Permission.YES

    def wake(self) -> None:
        """Somebody looks: read everything, and go on reading while things change."""
        self._is_awake = True
        if self.is_reachable:
            self._read_all()

    def rest(self) -> None:
        """Nobody looks any more."""
        self._is_awake = False

    # --- changing ---

    def set(self, key: str, value: Any, title: str) -> None:
        """Give a setting another value; `title` names the change for the person who may want to undo it."""
        before, value = self.value(key), with_defaults(value, self.schema.get(key))
        if value == before:
            return
        back = (Request("set_setting", (key, toml_text(before))),) if before is not None else ()
        forward = Request("set_setting", (key, toml_text(value)))
        self.perform(Change(title=title, subject=key, forward=forward, back=back, before=before, value=value))

    def perform(self, change: Change) -> None:
        """Do something that can be undone."""
        self._add(_Job(change, (change.forward,), self.action(change.forward), change.value))

    def wish(self, name: str, value: Any, title: str) -> None:
        """Change one of the person's own wishes, which concern nobody else (`ui.user_settings.Wishes`)."""
        before = getattr(self.user_settings.wishes, name)
        if value != before:
            forward, back = Request(WISH, (name, value)), Request(WISH, (name, before))
            self.perform(Change(title=title, subject=f"{WISH}.{name}", forward=forward, back=(back,)))

    def start_with_session(self, wanted: bool, title: str) -> None:
        """Have this program start with the person's session, or not."""
        forward, back = Request(AUTOSTART, (wanted,)), Request(AUTOSTART, (not wanted,))
        self.perform(Change(title=title, subject=AUTOSTART, forward=forward, back=(back,)))

    def can_undo(self) -> bool:
        """Whether the last change can be taken back now."""
        last = self.undo_stack.last
        return last is not None and (self.is_reachable or last.back[0].method in self._local)

    def undo(self) -> None:
        """Take the last change back; called again before that is done, the one before it too."""
        under_way = [job.change for job in self._jobs() if job.undoes]
        left = [each for each in self.undo_stack.changes if all(each is not other for other in under_way)]
        if not left or not self.can_undo():
            return
        last = left[-1]
        self._add(_Job(last, last.back, self.action(last.back[0]), last.before, undoes=True))

    def forget_undo(self) -> None:
        """Nothing is to be undone any more."""
        self._keep(UndoStack())

    # --- the queue ---

    def _jobs(self) -> list[_Job]:
        return [*([self._running] if self._running else []), *self._queue]

    def _add(self, job: _Job) -> None:
        self._queue.append(job)
        self.changed.emit()
        self._next()

    def _next(self) -> None:
        if self._running or not self._queue:
            return
        self._running = self._queue.pop(0)
        self._slow.start()
        self._send(self._running, self._running.requests)

    def _send(self, job: _Job, requests: tuple[Request, ...]) -> None:
        request, *others = requests
        if request.method in self._local:
            self._do_here(job, self._local[request.method], request)
            return

        def call(client: Any) -> Awaitable[Any]:
            return getattr(client, request.method)(*request.arguments)

        self.session.ask(
            call,
            then=lambda _: self._send(job, tuple(others)) if others else self._succeeded(job),
            failed=lambda error: self._failed(job, error),
        )

    def _do_here(self, job: _Job, act: Callable[..., None], request: Request) -> None:
        try:
            act(*request.arguments)
        except MobileIPv6Error as error:
            self._failed(job, error)
        else:
            self._succeeded(job)

    def _succeeded(self, job: _Job) -> None:
        subject = job.change.subject
        if job.value is not None:
            self._values[subject] = job.value
        self._ended(job)
        stack = self.undo_stack
        self._keep(stack.without_change(job.change) if job.undoes else stack.with_change(job.change))
        self.done.emit(subject)
        self._stale()
        self._next()

    def _failed(self, job: _Job, error: MobileIPv6Error) -> None:
        refused = [job]
        if isinstance(error, NotAllowed):
            refused += [each for each in self._queue if each.action == job.action]
            self._queue = [each for each in self._queue if each.action != job.action]
        self._ended(job)
        for each in refused:
            self.refused.emit(each.change.subject, error)
        if self.is_reachable:
            self._read_all()
        self._next()

    def _ended(self, job: _Job) -> None:
        self._running = None
        self._slow.stop()
        self._writes += 1
        self._written[job.change.subject] = self._writes
        self.working.emit(job.change.subject, False)
        self.changed.emit()

    def _say_slow(self) -> None:
        if self._running:
            self.working.emit(self._running.change.subject, True)

    def _keep(self, stack: UndoStack) -> None:
        if stack != self.undo_stack:
            self.undo_stack = stack
            self.undo_changed.emit()

    # --- following the service ---

    def _reach_changed(self, _: object) -> None:
        if self.is_reachable and self._is_awake:
            self._read_all()
        self.changed.emit()

    def read_permissions(self) -> None:
        """Ask again what this person may do: an administrator may have changed it, and nobody tells."""
        if self.is_reachable:
            self.session.ask(lambda client: client.permissions(), then=self._take_permissions, failed=_left_as_it_is)

    def _read_all(self) -> None:
        self.read_permissions()
        self.session.ask(lambda client: client.settings_schema(), then=self._take_schema, failed=_left_as_it_is)
        self._stale()

    def _stale(self, _: object = None) -> None:
        self._is_stale = True
        if not self._again.isActive():
            self._read_if_stale()

    def _read_if_stale(self) -> None:
        if not self._is_stale or self._is_reading or not self._is_awake or not self.is_reachable:
            return
        self._is_stale, self._is_reading = False, True
        begun = self._writes
        self.session.ask(
            lambda client: settings_with(client, TABLES),
            then=lambda values: self._take_values(values, begun),
            failed=self._not_read,
        )

    def _not_read(self, _: MobileIPv6Error) -> None:
        self._is_reading = False  # the session says why: the service is gone, or does not let us read

    def _take_values(self, values: dict[str, Any], begun: int) -> None:
        self._is_reading = False
        self._again.start()
        # What was written since the reading began may have been read as it was before.
        fresh = {key: value for key, value in values.items() if self._written.get(key, 0) <= begun}
        if any(key not in self._values or self._values[key] != value for key, value in fresh.items()):
            self._values.update(fresh)
            self.changed.emit()
        waiting = {job.change.subject for job in self._jobs()}
        self._keep(self.undo_stack.after_reading({key: fresh[key] for key in fresh.keys() - waiting}))

    def _take_permissions(self, permissions: dict[Action, Permission] | None) -> None:
        if permissions is not None and permissions != self.permissions:
            self.permissions = permissions
            self.changed.emit()

    def _take_schema(self, schema: Any) -> None:
        described = {each.key: each for each in schema or ()}
        if described != self.schema:
            self.schema = described
            self.changed.emit()


def _left_as_it_is(_: MobileIPv6Error) -> None:
    """Whoever cannot be told what is allowed tries, and hears it from the service then."""


def _timer(owner: QObject, milliseconds: int, then: Any) -> QTimer:
    timer = QTimer(owner)
    timer.setSingleShot(True)
    timer.setInterval(milliseconds)
    timer.timeout.connect(then)
    return timer
