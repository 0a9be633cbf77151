# SPDX-License-Identifier: GPL-2.0-or-later
"""Every problem a person may be told about, declared once: tray, command line and log say the same words."""

from dataclasses import dataclass
from enum import Enum

from mnclient.model.named import Named
from mnclient.units import Instant, Seconds


class Severity(Enum):
    """How bad it is."""

    NOTICE = "notice"  # worth knowing, nothing is broken
    WARNING = "warning"  # something works less well, or less safely
    ERROR = "error"  # the home address is not reachable


class ProblemCode(Named):
    """The problem's stable name."""

    HOME_AGENT_SILENT = "home-agent-silent"
    REGISTRATION_REFUSED = "registration-refused"
    NOT_VERIFIED = "not-verified"
    NOT_HOME_SUBNET = "not-home-subnet"
    HOME_ADDRESS_DUPLICATE = "home-address-duplicate"
    CARE_OF_DUPLICATE = "care-of-duplicate"
    NO_CARE_OF_ADDRESS = "no-care-of-address"
    NO_HOME_AGENT = "no-home-agent"
    PROTECTION_MISSING = "protection-missing"
    KEY_NOT_AVAILABLE = "key-not-available"
    PROTECTION_IMPOSSIBLE = "protection-impossible"
    KEY_REJECTED = "key-rejected"
    REGISTRATIONS_IGNORED = "registrations-ignored"
    REGISTRATION_DISBELIEVED = "registration-disbelieved"
    UNPROTECTED_SIGNALLING = "unprotected-signalling"
    HOME_AGENT_CHANGED = "home-agent-changed"
    HOME_AGENT_DIFFERS = "home-agent-differs"
    HOME_NOT_PROVED = "home-not-proved"
    NETWORK_REFUSED = "network-refused"
    NO_IPV6 = "no-ipv6"
    HOME_LINK_MISSING = "home-link-missing"
    SETTINGS_REJECTED = "settings-rejected"
    STATE_FILE_SET_ASIDE = "state-file-set-aside"
    KEY_FILE_REFUSED = "key-file-refused"
    KEY_FILE_SET_ASIDE = "key-file-set-aside"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said about one kind of problem. `text` and `remedy` may use `{subject}` and `{detail}`."""

    title: str
    text: str
    remedy: str
    severity: Severity
    visible_after: Seconds = Seconds(0.0)
    """How long it must last before anybody is told."""


DECLARATIONS: dict[ProblemCode, Declaration] = {
    ProblemCode.HOME_AGENT_SILENT: Declaration(
        "The home agent does not answer",
        "Registrations for {subject} sent to {detail} get no answer, so nobody can reach this address.",
        "Check that the home agent runs and serves this machine (mnctl problems there), and that this network lets IPv6"
        " protocol 135 pass. It is asked again anyway.",
        Severity.ERROR,
        Seconds(5.0),
    ),
    ProblemCode.REGISTRATION_REFUSED: Declaration(
        "The home agent refused the registration",
        "The home agent answered for {subject}: {detail}.",
        "Ask the person who runs the home agent, or choose another one.",
        Severity.ERROR,
    ),
    ProblemCode.NOT_VERIFIED: Declaration(
        "The home address was registered, but does not work",
        "The home agent {detail} accepted {subject}, but a packet sent to it as a test did not come back.",
        "It is tried again by itself. If it stays so: check that packets for the home network reach the home agent, and"
        " that this network lets tunnelled packets (IPv6 protocol 41) and pings pass.",
        Severity.WARNING,
    ),
    ProblemCode.NOT_HOME_SUBNET: Declaration(
        "The home agent does not serve this home address",
        "The home agent {detail} says that {subject} is not in a network it serves.",
        "Check the home address and its home agent: one of the two is wrong.",
        Severity.ERROR,
    ),
    ProblemCode.HOME_ADDRESS_DUPLICATE: Declaration(
        "Somebody else uses the home address",
        "{subject} is in use by another machine on the home link.",
        "Choose another home address; or find the machine that uses it, then remove this one here and add it again.",
        Severity.ERROR,
    ),
    ProblemCode.CARE_OF_DUPLICATE: Declaration(
        "An address made here is already in use",
        "{subject} on {detail} was taken; another one is tried.",
        "Nothing to do unless it comes back often.",
        Severity.NOTICE,
    ),
    ProblemCode.NO_CARE_OF_ADDRESS: Declaration(
        "This network gives no IPv6 address",
        "No router on any connected network offers an IPv6 address, so {subject} cannot be reached.",
        "Connect to a network with IPv6.",
        Severity.ERROR,
        Seconds(5.0),
    ),
    ProblemCode.NO_HOME_AGENT: Declaration(
        "No home agent is known",
        "{subject} has no home agent, so it works at home only.",
        "Name its home agent: mnctl home-addresses add {subject} --home-agent ADDRESS.",
        Severity.WARNING,
    ),
    ProblemCode.PROTECTION_MISSING: Declaration(
        "There is no key for the home agent",
        "{subject} is not registered, because its home agent could not tell this machine from another one.",
        "Install a key, or accept the risk: mnctl settings set mobile_node.allow_unprotected_signalling true.",
        Severity.ERROR,
    ),
    ProblemCode.KEY_NOT_AVAILABLE: Declaration(
        "The key for the home agent is not here yet",
        "{subject} is not registered, because its key is in a user's keyring, and nobody has handed it over.",
        "Log in and open the keyring; or keep the key on this computer: mnctl keys set.",
        Severity.ERROR,
    ),
    ProblemCode.PROTECTION_IMPOSSIBLE: Declaration(
        "This machine cannot use the key for the home agent",
        "The key of {subject} is of a kind that this machine cannot protect registrations with, so there are none.",
        "Install a key of another kind, at the home agent as well; or use a kernel with IPsec (ESP) and Mobile IPv6.",
        Severity.ERROR,
    ),
    ProblemCode.KEY_REJECTED: Declaration(
        "The home agent does not accept the key",
        "{subject} is not registered: its home agent {detail} says that it cannot verify the key.",
        "Install the same key at both ends, with the numbers (SPI) exchanged; or use a new invitation.",
        Severity.ERROR,
    ),
    ProblemCode.REGISTRATIONS_IGNORED: Declaration(
        "Nobody can register at this home agent",
        "It has no keys, and its settings do not allow to go without, so it gives no answer to registrations for"
        " {subject}.",
        "Install keys, or accept the risk: mnctl settings set home_agent.allow_unprotected_signalling true.",
        Severity.ERROR,
    ),
    ProblemCode.REGISTRATION_DISBELIEVED: Declaration(
        "A registration was not believed",
        "Somebody tried to register {subject} at this home agent, and could not prove that the address is theirs:"
        " {detail}. Nothing was changed.",
        "If that is your laptop: give it a new invitation (mnctl keys rotate), and set its clock. Otherwise nothing has"
        " to be done.",
        Severity.WARNING,
    ),
    ProblemCode.UNPROTECTED_SIGNALLING: Declaration(
        "Registrations are not protected",
        "Anybody on the path between this machine and {subject} can redirect the traffic of the home address.",
        "Install a key; until then use it only where everybody is trusted.",
        Severity.WARNING,
    ),
    ProblemCode.HOME_AGENT_CHANGED: Declaration(
        "Another router claims to be home",
        "A router on {detail} announces the home network of {subject}, but it is not the one known from before.",
        "If the home router was replaced: mnctl home-agents accept, with its address. Otherwise leave this network.",
        Severity.WARNING,
    ),
    ProblemCode.HOME_AGENT_DIFFERS: Declaration(
        "A home agent is not what it was",
        "Somebody claims to be the home agent {subject}, and is not as that was before ({detail}). That is not"
        " believed.",
        "If the home router was replaced or changed: mnctl home-agents accept {subject}. Otherwise leave this network.",
        Severity.WARNING,
    ),
    ProblemCode.HOME_NOT_PROVED: Declaration(
        "A network says that it is home, and does not prove it",
        "{detail} looks like the home network of {subject}, but no home agent has shown the key there. So this does not"
        " count as home, and nothing is sent there from the home address.",
        "At home: check that the home agent runs and has the same key (mnctl problems there), then connect again."
        " Elsewhere: leave this network. To trust it without proof: mnctl settings set"
        " mobile_node.return_home_unauthenticated true.",
        Severity.WARNING,
    ),
    ProblemCode.NETWORK_REFUSED: Declaration(
        "The system refused a network setting",
        "{subject}: {detail}.",
        "Look for another program that manages the same thing; it is tried again within a minute.",
        Severity.ERROR,
        Seconds(2.0),
    ),
    ProblemCode.NO_IPV6: Declaration(
        "This machine has no IPv6",
        "IPv6 is switched off in the kernel ({detail}).",
        "Switch it on: sysctl net.ipv6.conf.all.disable_ipv6=0, and remove ipv6.disable=1 from the boot command.",
        Severity.ERROR,
    ),
    ProblemCode.HOME_LINK_MISSING: Declaration(
        "A home link is not there",
        "The home agent serves {subject} on the interface {detail}, which does not exist or is down.",
        "Bring the interface up, or correct home_agent.links in the settings.",
        Severity.ERROR,
        Seconds(2.0),
    ),
    ProblemCode.SETTINGS_REJECTED: Declaration(
        "The settings file was not accepted",
        "{detail}. The last good settings stay in force.",
        "Correct the file and reload, or set the value with mnctl settings set.",
        Severity.WARNING,
    ),
    ProblemCode.STATE_FILE_SET_ASIDE: Declaration(
        "A damaged state file was set aside",
        "{subject} could not be read ({detail}) and was renamed; what it held is learned again.",
        "Nothing to do. Keep the renamed file if you want to report it.",
        Severity.NOTICE,
    ),
    ProblemCode.KEY_FILE_REFUSED: Declaration(
        "The stored keys are not used",
        "The file {subject} was not accepted: {detail}.",
        "Let only the service read and write the file and its folder (chmod 600 and 700), then: systemctl reload"
        " mnclientd. If somebody else could read it, replace the keys, also at the home agents.",
        Severity.ERROR,
    ),
    ProblemCode.KEY_FILE_SET_ASIDE: Declaration(
        "The file with the keys was damaged",
        "{subject} was renamed ({detail}), and the keys that could not be read are gone.",
        "Look which keys are missing (mnctl keys), and enter those again.",
        Severity.WARNING,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem that exists now. `subject` and `detail` fill the declaration's text."""

    code: ProblemCode
    subject: str = ""
    detail: str = ""
    since: Instant = Instant(0.0)

    @property
    def declaration(self) -> Declaration:
        """The words for this kind of problem."""
        return DECLARATIONS[self.code]

    def text(self) -> str:
        """The explanation with subject and detail filled in."""
        return self.declaration.text.format(subject=self.subject, detail=self.detail)

    def remedy(self) -> str:
        """What to do about it."""
        return self.declaration.remedy.format(subject=self.subject, detail=self.detail)

    def is_visible(self, now: Instant) -> bool:
        """True once it has lasted long enough to be shown."""
        return now - self.since >= self.declaration.visible_after
