# SPDX-License-Identifier: GPL-2.0-or-later
"""The tray app: what a person sees. It talks to the service through `service.client` alone."""
