"""The operator's manual as a page among the console's files, so that help opens it offline.

``python -m scripts.console_manual FOLDER`` writes ``manual/operator.html`` and its pictures there,
of ``docs/manual/operator.zh-CN.md``.
"""

import re
import shutil
import sys
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt

SOURCE: Final = Path(__file__).parent.parent / "docs" / "manual" / "operator.zh-CN.md"
PICTURE: Final = re.compile(r'src="(pictures/[\w.-]+)"')
# A manual may link to further documents of the repository, which do not lie beside the page.
ELSEWHERE: Final = re.compile(r'<a href="(?!https?:|#)[^"]*">(.*?)</a>', re.DOTALL)
PAGE: Final = """<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/tokens.css">
<link rel="stylesheet" href="/static/site.css">
</head>
<body>
<main class="manual">
{body}</main>
</body>
</html>
"""


def render_manual(written: str) -> str:
    """Return a manual in Markdown as a page that asks for nothing but our style and its pictures.

    Keys are written as ``<kbd>``; no other tag of the source is taken as one.
    """
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(written)
    body = re.sub(r"&lt;(/?)kbd&gt;", r"<\1kbd>", body)
    title = re.search(r"<h1>(.*?)</h1>", body)
    return PAGE.format(title=title[1] if title else "", body=ELSEWHERE.sub(r"\1", body))


def write_manual(folder: Path) -> None:
    """Write the page of the manual and its pictures."""
    page = render_manual(SOURCE.read_text("utf-8"))
    (folder / "manual" / "pictures").mkdir(parents=True, exist_ok=True)
    (folder / "manual" / "operator.html").write_text(page, encoding="utf-8")
    for name in PICTURE.findall(page):
        shutil.copyfile(SOURCE.parent / name, folder / "manual" / name)


if __name__ == "__main__":
    write_manual(Path(sys.argv[1]))
