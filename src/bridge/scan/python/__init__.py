"""Python read with libcst (extra `tools`): calls of the Assistants API, followed through names, in one file at a time.

    analysis = analyse(source)
    for call in analysis.calls:
        call.operation.name, call.sureness, analysis.place(call.node).start.line

`analysis.inference.of(node)` tells what any other expression is: a client, a run that an operation gave, a literal.
"""

from bridge.scan.python.calls import Analysis, Argument, Call, Handler, analyse
from bridge.scan.python.inferring import Inference
from bridge.scan.python.scopes import Binding, Bindings, Scope
from bridge.scan.python.tree import MISSING, children, dotted, literal, walk
from bridge.scan.python.values import Client, Constant, Defined, Made, Named, Several, Sureness

__all__ = [
    "MISSING",
    "Analysis",
    "Argument",
    "Binding",
    "Bindings",
    "Call",
    "Client",
    "Constant",
    "Defined",
    "Handler",
    "Inference",
    "Made",
    "Named",
    "Scope",
    "Several",
    "Sureness",
    "analyse",
    "children",
    "dotted",
    "literal",
    "walk",
]
