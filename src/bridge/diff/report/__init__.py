"""What a comparison says, for three readers: people at a terminal, programs in CI, people with a browser
(docs/diff-report.md).

    terminal.show(console, comparison, limit)   rich
    document.as_json(comparison) -> bytes       one object
    html.page(comparison) -> pieces of bytes    one page that needs nothing else

A model's words, and keys and names too, are hostile text here: nothing of them is executed, hides other text or moves
a cursor (shown.py, text.js).
"""
