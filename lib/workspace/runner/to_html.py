"""An executed notebook as one HTML file, which can be read without a network."""

import os
import re
from urllib.parse import quote

from jinja2 import DictLoader
from nbconvert import HTMLExporter

# nbconvert's page waits for three scripts from the network before it shows anything: two that our notebooks have no
# use for, and MathJax, which may as well come later: until then, or without it, equations stand there as TeX.
TEMPLATE = """
{%- extends 'lab/index.html.j2' -%}
{%- block html_head_js_requirejs -%}{%- endblock -%}
{%- block html_head_js_mermaidjs -%}{%- endblock -%}
{%- block html_head_js_mathjax -%}
<script type="text/x-mathjax-config">
MathJax.Hub.Config({
  tex2jax: { inlineMath: [['$', '$'], ['\\\\(', '\\\\)']], processEscapes: true, processEnvironments: true },
  messageStyle: 'none',
});
</script>
<script async src="{{ resources.mathjax_url }}"></script>
{%- endblock -%}
"""


def link_from(folder, notebook):
    """Links to CSV files lead from the notebooks' folder; in a page that lies elsewhere they lead from there."""
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            csv = output.get("metadata", {}).get("lab", {}).get("csv")
            if csv and "text/html" in output.data:
                href = f'href="{quote(os.path.relpath(csv, folder))}"'
                output.data["text/html"] = re.sub(r'href="[^"]*"', lambda _: href, output.data["text/html"])


def to_html(notebook, name, folder):
    """The page of a notebook, for a file in `folder`. A figure appears as its image."""
    link_from(folder, notebook)
    exporter = HTMLExporter(
        extra_loaders=[DictLoader({"page.html.j2": TEMPLATE})], template_file="page.html.j2"
    )
    html, _ = exporter.from_notebook_node(notebook, {"metadata": {"name": name}})
    return html
