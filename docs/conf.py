# SPDX-License-Identifier: GPL-2.0-or-later
"""How Sphinx makes pages of this folder: `make docs`, where every warning is an error."""

project = "mnclient"
author = "The mnclient authors"
project_copyright = "The mnclient authors, GPL-2.0-or-later"
extensions = ["myst_parser"]
root_doc = "contents"
# conformance.md is a report that `make conformance` writes; the template of decision records is none.
exclude_patterns = ["conformance.md", "adr/0000-template.md"]
myst_heading_anchors = 3
html_theme = "alabaster"
html_theme_options = {"description": "One address that stays", "fixed_sidebar": True, "page_width": "1100px"}
html_show_sphinx = False
html_copy_source = False
