"""Sphinx settings: ``sphinx-build --fail-on-warning docs docs/_build/html``."""

import re

from skfadm import __version__

project = "skfadm"
author = "skfadm developers"
copyright = "skfadm developers"
version = release = __version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # after mathjax, whose path it sets
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "numpydoc",
]
exclude_patterns = ["_build", "_templates", "examples"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"skfadm {version}"
html_static_path = ["_static"]
html_css_files = ["skfadm.css"]

# Copy what is typed: neither prompts nor output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# Each example runs while the pages are built, and an error in one fails the build.
sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "within_subsection_order": "FileNameSortKey",
    "abort_on_example_error": True,
    "parallel": 2,  # examples at a time, each in a process of its own
    "backreferences_dir": "gallery/backreferences",
    "doc_module": ("skfadm",),
    "reference_url": {"skfadm": None},
    "write_computation_times": False,
    "show_signature": False,
}

autosummary_generate = True
autodoc_typehints = "none"  # the docstrings give the types
numpydoc_show_class_members = False  # the template lists them
numpydoc_class_members_toctree = False

# The build fails where a docstring of an estimator or function lacks a parameter or
# names one that does not exist. Dataclasses list attributes instead, and the methods of
# the core, and what samplers call of the encoder, say in a sentence what they take.
# Keywords stand in the order of reading.
numpydoc_validation_checks = {"GL08", "PR01", "PR02", "PR10"}
numpydoc_validation_exclude = {
    r"^skfadm\.diffusion\.",
    r"\.TabularEncoder\.(decode|restore|places)$",
    r"\.BiasedDomains(\.table)?$",
    r"\.Tradeoff\.with_strength$",
    r"\.(QualityReport|GroupAudit|FairnessReport)$",
}


def prepare_types(app, what, name, obj, options, lines):
    """Make types of parameters readable for numpydoc.

    A type may go on after a backslash, and one such as "array of shape
    (n_features_in_,)" must not read as a link.
    """
    lines[:] = re.sub(r"(?<!\\) *\\\n +", " ", "\n".join(lines)).split("\n")
    for i, line in enumerate(lines):
        start, of_shape, shape = line.partition(" of shape (")
        lines[i] = start + of_shape + re.sub(r"(\w)_(?=\W)", r"\1\\_", shape)


def setup(app):
    """Run before numpydoc, which parses the types."""
    app.connect("autodoc-process-docstring", prepare_types, priority=100)
