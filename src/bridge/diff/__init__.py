"""Side by side: what a program did and got before, and what it does and gets now (docs/diff.md).

In the field's words (GitHub's Scientist): the *control* is the side that is trusted, the *candidate* the side that is
tried; comparing them makes *observations*, and what differs in one is a *mismatch*.
"""
